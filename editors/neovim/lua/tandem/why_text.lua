--- The account of a completion request (`tandem/why`) in Markdown. Pure.
local plain = require('tandem.plain').line

local M = {}

--- Definitions that are named; the rest is counted.
local NAMED = 20

local function is_there(value)
  return value ~= nil and value ~= vim.NIL
end

--- In a fence that nothing inside can close.
local function fenced(text)
  local longest = 2
  for marks in text:gmatch('`+') do
    longest = math.max(longest, #marks)
  end
  local fence = ('`'):rep(longest + 1)
  local lines = vim.split(text, '\n', { plain = true })
  table.insert(lines, 1, fence)
  table.insert(lines, fence)
  return lines
end

local function percent(share)
  return ('%.0f %%'):format((share or 0) * 100)
end

--- @param why table
--- @return string[] lines
function M.render(why)
  local lines = {}
  local function say(format, ...)
    table.insert(lines, plain(select('#', ...) > 0 and format:format(...) or format))
  end
  local function heading(words)
    say('')
    say('## ' .. words)
    say('')
  end
  local shown = is_there(why.decision) and why.decision.shown
  if is_there(shown) then
    say('# Shown%s', shown.fromMemory and ', from memory' or '')
    for _, suggestion in ipairs(shown.suggestions) do
      say('')
      say('By %s, %s sure:', suggestion.source, percent(suggestion.confidence))
      say('')
      vim.list_extend(lines, fenced(suggestion.text))
    end
  else
    local hidden = is_there(why.decision) and why.decision.hidden or {}
    say('# Nothing shown')
    say('')
    say(hidden.sentence or hidden.reason or '?')
  end
  if #(why.notes or {}) > 0 then
    heading('Notes')
    for _, note in ipairs(why.notes) do
      say('* ' .. note)
    end
  end
  heading('How it came about')
  say('* asked: %s%s', why.trigger or '?', why.joined and ', joined a request under way' or '')
  say('* syntax: %s', why.syntax or '?')
  if is_there(why.gate) then
    local best = (why.gate.verdicts or {})[1]
    local likely = best and (', the likeliest has %s'):format(percent(best.probability)) or ''
    say('* shown from a probability of %s on%s', percent(why.gate.threshold), likely)
  end
  if is_there(why.tokens) then
    local tokens = why.tokens
    say(
      '* tokens: %d in the prompt, %d reused, %d evaluated, %d written',
      tokens.prompt,
      tokens.reused,
      tokens.evaluated,
      tokens.generated
    )
  end
  for _, stage in ipairs(why.stages or {}) do
    say('* %s: %.2f ms', stage.name, stage.ms)
  end
  if #(why.context or {}) > 0 then
    heading('From other files')
    for index, definition in ipairs(why.context) do
      if index > NAMED then
        say('* %d more', #why.context - NAMED)
        break
      end
      local place = definition.isShown and ', in the prompt' or ''
      say('* `%s` in `%s`: %.2f%s', definition.name, definition.path, definition.score, place)
    end
  end
  for _, written in ipairs({
    { 'What lookup wrote', is_there(why.lookup) and why.lookup.text },
    { 'What the model wrote', is_there(why.raw) and why.raw },
    { 'The prompt', is_there(why.prompt) and why.prompt },
  }) do
    if written[2] and written[2] ~= '' then
      heading(written[1])
      vim.list_extend(lines, fenced(written[2]))
    end
  end
  return lines
end

return M
