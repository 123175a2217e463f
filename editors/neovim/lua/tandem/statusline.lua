--- A status in a few words, for a status line. Pure.
local M = {}

local function state(status)
  if status.paused then
    return 'paused'
  elseif status.questions and (status.questions.running or 0) > 0 then
    return 'asking'
  elseif status.state == 'loading' then
    return ('loading %d %%'):format(status.percentage or 0)
  elseif status.state == 'failed' then
    return 'model failed'
  elseif status.state == 'asleep' then
    return (status.model or 'model') .. ' asleep'
  elseif status.engine == 'lookup' or status.engine == nil then
    return status.engine or 'starting'
  end
  return status.state == 'ready' and (status.model or 'ready') or status.state or 'starting'
end

--- For example `tandem: starter · 12 ms · $0.42 (21 %)`.
--- @param status table as `tandem/status` has it
--- @return string
function M.format(status)
  local parts = { 'tandem: ' .. state(status) }
  if type(status.lastLatencyMs) == 'number' then
    table.insert(parts, (status.lastLatencyMs < 10 and '%.1f ms' or '%.0f ms'):format(status.lastLatencyMs))
  end
  local today = status.today
  if type(today) == 'table' and today.cost then
    table.insert(parts, today.cost .. (today.share and (' (%.0f %%)'):format(today.share * 100) or ''))
  end
  return table.concat(parts, ' · ')
end

return M
