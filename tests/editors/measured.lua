--- What the drivers that measure have in common: a recorder between editor and server, and quantiles.
local check = require('check')
local scratch = require('scratch')

local M = {}

M.samples = tonumber(vim.env.EDITOR_MEASURE_SAMPLES) or 60
M.seconds = tonumber(vim.env.EDITOR_MEASURE_SECONDS) or 120

--- What is typed below the class of orders.py, in turn: the same as in vscode/measure.mjs.
M.beginnings =
  { 'self.audit.rec', 'self.status = ', 'if self.sta', 'self.audit.record(self.ord', 'raise Value', 'status = self.' }

--- Milliseconds since 1970, comparable with the recorder's.
function M.now()
  local time = vim.uv.clock_gettime('realtime')
  return time.sec * 1e3 + time.nsec / 1e6
end

--- Puts a recorder in the place of `tandem`, for everything that is started afterwards. Returns the folder of the
--- records.
function M.record(name)
  local folder = scratch.directory .. '/' .. name .. '-wire'
  vim.fn.mkdir(folder, 'p')
  local words = {
    vim.env.EDITOR_TEST_CODE_SERVER .. '/bin/node',
    scratch.repository .. '/tests/editors/vscode/recorder.mjs',
    folder,
    scratch.tandem,
  }
  local quoted = vim.tbl_map(function(word)
    return "'" .. word .. "'"
  end, words)
  local file = scratch.directory .. '/bin/tandem'
  vim.uv.fs_unlink(file)
  scratch.write(file, '#!/bin/sh\nexec ' .. table.concat(quoted, ' ') .. ' "$@"\n')
  vim.uv.fs_chmod(file, 493)
  return folder
end

--- The requests of a method in the newest record with the times of both, oldest first; one without an answer has none.
function M.requests(folder, method)
  local files = vim.fn.sort(vim.fn.glob(folder .. '/*.jsonl', false, true))
  local all, waiting = {}, {}
  local newest = files[#files] and scratch.read(files[#files]) or ''
  for line in vim.gsplit(newest, '\n', { plain = true, trimempty = true }) do
    local ok, entry = pcall(vim.json.decode, line)
    local message = ok and entry.message
    if message and message.id ~= nil then
      if entry.from == 'client' and message.method == method then
        local request = { asked = entry.time }
        waiting[message.id] = request
        table.insert(all, request)
      elseif entry.from == 'server' and not message.method and waiting[message.id] then
        waiting[message.id].answered = entry.time
      end
    end
  end
  return all
end

local function quantile(values, share)
  local sorted = vim.deepcopy(values)
  table.sort(sorted)
  return sorted[math.min(#sorted, math.ceil(share * #sorted))]
end

function M.line(what, values)
  check.note('   %s: median %.1f ms, p95 %.1f ms (%d)', what, quantile(values, 0.5), quantile(values, 0.95), #values)
end

--- `samples`, each with `key`, `shown`, `asked` and `answered` in ms.
function M.tell(editor, samples)
  local function each(of)
    return vim.tbl_map(of, samples)
  end
  M.line(
    editor .. ', key to visible',
    each(function(it)
      return it.shown - it.key
    end)
  )
  M.line(
    '  of it the server, request to answer',
    each(function(it)
      return it.answered - it.asked
    end)
  )
  M.line(
    '  of it before the request left',
    each(function(it)
      return it.asked - it.key
    end)
  )
  M.line(
    '  of it from answer to drawn',
    each(function(it)
      return it.shown - it.answered
    end)
  )
  M.line(
    '  client alone',
    each(function(it)
      return it.shown - it.key - (it.answered - it.asked)
    end)
  )
end

return M
