--- Cases, waiting and reporting for the tests that drive an editor. Run by Neovim itself (`nvim -l`), so that no other
--- interpreter is needed. No test sleeps: each waits until what it wants to see is there.
local M = {}

--- ms. How long anything may take on a busy machine. Nothing is slower when it passes.
M.patience = tonumber(vim.env.EDITOR_TEST_PATIENCE_MS) or 30000

local failed = 0

function M.note(...)
  io.stdout:write(string.format(...) .. '\n')
  io.stdout:flush()
end

--- Runs one case. An error in it is its failure, and the next case runs all the same.
function M.case(name, body)
  local started = vim.uv.hrtime()
  local ok, message = xpcall(body, debug.traceback)
  if ok then
    M.note('ok %s (%d ms)', name, (vim.uv.hrtime() - started) / 1e6)
  else
    failed = failed + 1
    M.note('FAILED %s\n    %s', name, tostring(message):gsub('\n', '\n    '))
  end
end

--- Waits until `probe` returns something true and returns that. `describe` is called for the message when it never
--- does.
function M.wait(what, probe, describe)
  local value
  local seen = vim.wait(M.patience, function()
    value = probe()
    return value
  end, 10)
  if not seen then
    local state = describe and ('; now: ' .. vim.inspect(describe())) or ''
    error(('waited %d s in vain for %s%s'):format(M.patience / 1000, what, state), 2)
  end
  return value
end

function M.equal(expected, actual, what)
  if not vim.deep_equal(expected, actual) then
    local message = '%s:\n  expected %s\n  got      %s'
    error(message:format(what or 'not equal', vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

function M.truthy(value, what)
  if not value then
    error(what, 2)
  end
  return value
end

--- Ends the script; its exit status says whether every case passed.
function M.finish()
  os.exit(failed == 0 and 0 or 1)
end

return M
