--- Keys in insert mode, for the buffers that Tandem is attached to. A key that finds nothing to do does what it did
--- before: what another mapping of it does, or what it is without one.
local config = require('tandem.config')

local M = {}

--- By buffer and key: the mapping of that buffer that stood there before, or false.
local replaced = {}

local function raw(key)
  return vim.api.nvim_replace_termcodes(key, true, true, true)
end

local function feed(keys, remaps)
  -- At the front of what is typed ahead, so that keys stay in their order.
  vim.api.nvim_feedkeys(keys, remaps and 'im' or 'in', false)
end

local function global_mapping(key)
  local wanted = raw(key)
  for _, mapping in ipairs(vim.api.nvim_get_keymap('i')) do
    if mapping.lhsraw == wanted or mapping.lhsrawalt == wanted then
      return mapping
    end
  end
end

local function run_mapping(mapping, key)
  local remaps = mapping.noremap == 0
  local keys
  if mapping.expr == 1 then
    keys = mapping.callback and mapping.callback() or (not mapping.callback and vim.api.nvim_eval(mapping.rhs)) or ''
    keys = type(keys) == 'string' and keys or ''
    keys = mapping.replace_keycodes == 1 and raw(keys) or keys
  elseif mapping.callback then
    mapping.callback()
    return
  else
    keys = raw((mapping.rhs or ''):gsub('<[Ss][Ii][Dd]>', ('<SNR>%d_'):format(mapping.sid or 0)))
  end
  -- As Vim does it: a mapping that begins with its own key is not run again for it.
  local own = raw(key)
  if remaps and vim.startswith(keys, own) then
    feed(keys:sub(#own + 1), true)
    feed(own, false)
  elseif keys ~= '' then
    feed(keys, remaps)
  end
end

--- What the key does without Tandem.
--- @param key string
--- @param before table|false the mapping of the buffer that stood there
function M.fall_back(key, before)
  local mapping = before or global_mapping(key)
  if mapping then
    run_mapping(mapping, key)
  else
    feed(raw(key), false)
  end
end

local function own_mapping(bufnr, key)
  return vim.api.nvim_buf_call(bufnr, function()
    local mapping = vim.fn.maparg(key, 'i', false, true)
    return not vim.tbl_isempty(mapping) and mapping.buffer == 1 and mapping or false
  end)
end

local DESCRIPTION = 'Tandem: '

--- Whether a key of a buffer is Tandem's; other plugins may take it later.
function M.is_own(bufnr, key)
  local mapping = own_mapping(bufnr, key)
  return mapping and vim.startswith(mapping.desc or '', DESCRIPTION) or false
end

--- @param bufnr integer
function M.attach(bufnr)
  M.detach(bufnr)
  replaced[bufnr] = {}
  for action, key in pairs(config.get().keys) do
    if key then
      local before = own_mapping(bufnr, key)
      replaced[bufnr][key] = before
      vim.keymap.set('i', key, function()
        if not require('tandem.ghost').act(action) then
          M.fall_back(key, before)
        end
      end, { buffer = bufnr, silent = true, desc = DESCRIPTION .. action:gsub('_', ' ') })
    end
  end
end

--- Puts the keys of a buffer back, but for those that somebody else has taken meanwhile.
--- @param bufnr integer
function M.detach(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    for key, before in pairs(replaced[bufnr] or {}) do
      if M.is_own(bufnr, key) then
        vim.keymap.del('i', key, { buffer = bufnr })
        if before then
          vim.api.nvim_buf_call(bufnr, function()
            vim.fn.mapset(before)
          end)
        end
      end
    end
  end
  replaced[bufnr] = nil
end

return M
