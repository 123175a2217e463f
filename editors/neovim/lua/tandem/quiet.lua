--- Waits until nobody types, before a question takes the keyboard: a key that is meant for the code must answer
--- nothing.
local M = {}

--- ms without a key after which nobody types.
M.quiet_ms = 700

--- ms between two looks.
local LOOK = 30

--- Keys that are thrown away at most: a program may feed them without an end.
local MOST_KEYS = 10000

--- Whether the keyboard may be taken: nothing is being typed, no key waits for a second one, and no macro runs.
local function is_idle()
  local now = vim.api.nvim_get_mode()
  return (now.mode == 'n' or now.mode == 'nt')
    and not now.blocking
    and vim.fn.getcmdwintype() == ''
    and vim.fn.reg_executing() == ''
end

--- Keys that were typed before the question could be seen.
local function drop_typeahead()
  for _ = 1, MOST_KEYS do
    if vim.fn.getchar(0) == 0 then
      return
    end
  end
end

--- Calls `act` once the keyboard may be taken and no key came for a while, without the keys that still wait.
--- @param act fun()
--- @param is_over fun(): boolean looked at meanwhile; when it is true, `act` is not called any more
function M.wait(act, is_over)
  local namespace = vim.api.nvim_create_namespace('')
  local last_key = vim.uv.hrtime()
  vim.on_key(function(_, typed)
    if typed ~= '' then
      last_key = vim.uv.hrtime()
    end
  end, namespace)
  local timer = assert(vim.uv.new_timer())
  local function look()
    if timer:is_closing() then
      return
    end
    local is_done = is_over()
    if not is_done and (not is_idle() or (vim.uv.hrtime() - last_key) / 1e6 < M.quiet_ms) then
      return
    end
    timer:stop()
    timer:close()
    vim.on_key(nil, namespace)
    if not is_done then
      drop_typeahead()
      act()
    end
  end
  timer:start(0, LOOK, vim.schedule_wrap(look))
end

return M
