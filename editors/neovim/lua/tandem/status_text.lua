--- A status in whole lines, for `:Tandem status` and `:Tandem model`. Pure.
local plain = require('tandem.plain').line

local M = {}

local function eagerness(value)
  if type(value) == 'table' then
    return ('%s, and at most %s'):format(value.level, value.number)
  end
  return tostring(value)
end

local function size(bytes)
  if bytes < 1000 then
    return ('%d B'):format(bytes)
  end
  return bytes < 1000000 and ('%.0f kB'):format(bytes / 1000) or ('%.1f MB'):format(bytes / 1000000)
end

--- Who writes suggestions where a server is asked, why nothing goes to it, and what went.
local function server_lines(server)
  local writers = {
    server = 'it writes',
    here = 'the model on this machine writes in its place',
    nobody = 'nobody writes',
  }
  local lines = { ('Server %s: %s'):format(server.host, writers[server.writer] or server.writer) }
  if server.down then
    table.insert(lines, '  not asked now: ' .. server.down)
  end
  if server.kept then
    table.insert(lines, '  nothing was sent: ' .. server.kept)
  end
  local withheld = 0
  for _, number in pairs(server.withheld or {}) do
    withheld = withheld + number
  end
  local kept = withheld > 0 and (', %d kept on this machine'):format(withheld) or ''
  local requests = server.requests == 1 and '1 request' or ('%d requests'):format(server.requests or 0)
  table.insert(lines, ('  %s with %s sent%s'):format(requests, size(server.bytes or 0), kept))
  return lines
end

--- The model on this machine, the server beside it and the model in the cloud.
--- @param status table
--- @return string[]
function M.model(status)
  local lines = {}
  if status.engine == 'lookup' then
    table.insert(lines, 'On this machine: lookup alone, no model is wanted (`engine.choice`)')
  else
    local device = status.device and ' on ' .. status.device or ''
    local progress = status.state == 'loading' and (' %d %%'):format(status.percentage or 0) or ''
    table.insert(
      lines,
      ('On this machine: %s%s, %s%s'):format(status.model or 'no model', device, status.state, progress)
    )
  end
  if status.failure then
    table.insert(lines, '  failed: ' .. status.failure)
  end
  if status.asleepBecause then
    table.insert(lines, '  asleep: ' .. status.asleepBecause)
  end
  for _, why in ipairs(status.rest and status.rest.politeBecause or {}) do
    table.insert(lines, '  takes less: ' .. why)
  end
  for _, warning in ipairs(status.warnings or {}) do
    table.insert(lines, '  self-test: ' .. warning)
  end
  if status.server then
    vim.list_extend(lines, server_lines(status.server))
  end
  local paid = status.suggestions
  if paid and paid.wantsConsent then
    table.insert(lines, ('  %s is not asked: you have not allowed it in this folder'):format(paid.provider))
  elseif paid then
    local last = paid.lastCost and ', the last one ' .. paid.lastCost or ''
    table.insert(lines, ('  paid: %d suggestions by %s for %s%s'):format(paid.requests, paid.model, paid.cost, last))
  end
  local cloud = status.cloud
  if cloud and cloud.provider then
    table.insert(lines, ('For questions: %s %s'):format(cloud.provider, cloud.model or ''))
  end
  if cloud and cloud.isOff then
    table.insert(lines, 'For questions: no cloud model. ' .. cloud.isOff)
  end
  return lines
end

--- @param status table
--- @param when? fun(seconds: integer): string how a time is written
--- @return string[]
function M.render(status, when)
  local lines = M.model(status)
  if status.paused then
    local till = status.pausedUntil and when and ' until ' .. when(status.pausedUntil) or ''
    table.insert(lines, 'Paused' .. till .. ': :Tandem resume')
  end
  if status.eagerness then
    table.insert(lines, 'Eagerness: ' .. eagerness(status.eagerness))
  end
  if status.lastLatencyMs then
    local source = status.lastSource and ', by ' .. status.lastSource or ''
    table.insert(lines, ('Last answer: %.1f ms%s'):format(status.lastLatencyMs, source))
  end
  if status.nothingShownBecause then
    table.insert(lines, 'Nothing shown because ' .. status.nothingShownBecause)
  end
  local questions = status.questions
  if questions then
    table.insert(lines, ('Questions: %d running'):format(questions.running or 0))
    if questions.answeredBy then
      table.insert(
        lines,
        ('  the last one by %s for %s: %s'):format(
          questions.answeredBy,
          questions.cost or '?',
          questions.routeReason or ''
        )
      )
    end
  end
  local today = status.today
  if today then
    local share = today.share and (' (%.0f %% of %s)'):format(today.share * 100, today.limit or 'a limit') or ''
    table.insert(lines, 'Today: ' .. today.cost .. share)
  end
  return vim.tbl_map(plain, lines)
end

return M
