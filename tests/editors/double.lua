--- The double of a cloud provider, played on this machine under the provider's real name: TLS for that name, a
--- certificate that the user trusts, and a proxy that leads there, so that everything happens as with a model that has
--- to be paid.
local check = require('check')
local scratch = require('scratch')

local M = {}

--- Ends the script where the double was not built.
function M.need(what)
  local double = vim.env.EDITOR_TEST_DOUBLE
  if not double or not vim.uv.fs_stat(double) then
    local way = 'cargo build --example provider_double, and name it in EDITOR_TEST_DOUBLE'
    check.note('SKIPPED %s: no provider double (%s)', what, way)
    os.exit(0)
  end
  return double
end

--- Starts it with a text as its answer, `pace` ms between the pieces. Returns the job, and settings for whoever is to
--- ask it.
function M.start(what, text, pace)
  local double = M.need(what)
  local answer = scratch.write(scratch.directory .. '/' .. what .. '.md', text)
  local lines = {}
  local arguments =
    { 'anthropic', '--key', 'sk-test', '--text', answer, '--pace', tostring(pace), '--tls', scratch.directory }
  local job = vim.fn.jobstart({ double, unpack(arguments) }, {
    on_stdout = function(_, data)
      vim.list_extend(
        lines,
        vim.tbl_filter(function(line)
          return line ~= ''
        end, data)
      )
    end,
  })
  check.wait('the provider', function()
    return #lines >= 3
  end)
  local settings = {
    TANDEM_ENGINE_CHOICE = 'lookup',
    ANTHROPIC_API_KEY = 'sk-test',
    TANDEM_CLOUD_PROVIDER = 'anthropic',
    TANDEM_CLOUD_MODEL = 'claude-sonnet-5-5',
    TANDEM_BUDGET_LIMITS = '$20 per month',
    TANDEM_ASK_ROUTE = 'cloud',
  }
  for _, line in ipairs(lines) do
    local name, value = line:match('^([A-Z_]+)=(.*)$')
    if name then
      settings[name] = value
    end
  end
  return job, settings
end

return M
