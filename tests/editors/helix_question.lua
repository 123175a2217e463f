--- An unmodified Helix asks questions: by a comment and a code action, and by its command line; the answer is a
--- document that grows while it is read. `nvim -l tests/editors/helix_question.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local double = require('double')
local Helix = require('helix_editor')

double.need('questions in Helix')

local JOBS = table.concat({
  'def retry_later(job):',
  '    """Tries once more after a pause."""',
  '    return job',
  '',
  '',
  '# ask: what does this do?',
  'def run(job):',
  '    return retry_later(job)',
  '',
}, '\n')

--- Long enough to be watched.
local ANSWER = 'It runs a job, and tries again later: see jobs.py:7 and jobs.py:1.\n\n'
  .. ('One more sentence of the answer. '):rep(12)
  .. '\n\nNothing is at nowhere.py:3.\n'

local provider, settings = double.start('helix-answer', ANSWER, 60)
local PROGRESS = '[editor.lsp]\ndisplay-progress-messages = true\n'

local function start(name, more)
  local all = vim.tbl_extend('force', settings, more or {})
  local options = { files = { ['jobs.py'] = JOBS }, config = PROGRESS, languages = { 'python', 'markdown' } }
  local helix = Helix.start(name, all, 'jobs.py', options)
  helix:attached()
  return helix
end

--- Runs the code action with this title: the rows above it are passed by the arrow key.
local function act(helix, title)
  helix.terminal:press('Space', 'a')
  helix.terminal:wait_for(title)
  local first, wanted
  for number, row in ipairs(helix:rows()) do
    -- The first row of the menu covers the line below the cursor.
    if not first and row:find('(a change to review)', 1, true) then
      first = number
    end
    if row:find(title, 1, true) and not row:find('#', 1, true) and not wanted and first then
      wanted = number
    end
  end
  for _ = 1, assert(wanted) - assert(first) do
    helix.terminal:press('Down')
  end
  helix.terminal:press('Enter')
end

local helix = start('helix-question')

check.case('a comment is asked by its code action, and the user before anything is sent', function()
  helix.terminal:press('6', 'g', 'g')
  act(helix, 'Ask: what does this do?')
  helix:agree('Trust `workspace`')
  helix.terminal:wait_for('api.anthropic.com')
  helix.terminal:wait_for('Cost: $')
  -- In the status line, because the configuration says so.
  helix.terminal:wait_for('waiting for your permission')
  helix.terminal:press('Enter')
end)

check.case('the answer is shown on demand, grows, and ends with citations and its cost', function()
  helix:agree('is being written')
  local lengths = {}
  check.wait('the footer', function()
    local screen = helix.terminal:screen()
    local length = #screen:gsub('%s+', ' ')
    if length ~= lengths[#lengths] then
      table.insert(lengths, length)
    end
    return screen:find('Answered by', 1, true)
  end, function()
    return helix:rows()
  end)
  check.truthy(#lengths > 3, 'it came in one piece')
  local screen = helix.terminal:screen()
  for _, expected in ipairs({
    'jobs.py:7',
    'nowhere.py:3 (unverified)',
    '2 found in the files, 1 not found',
    '$0.',
    '`jobs.py`',
  }) do
    check.truthy(screen:find(expected, 1, true), expected .. ' in ' .. screen)
  end
  helix.terminal:wait_for('answered for $')
end)

check.case('the way back to the code is one key', function()
  helix.terminal:press('g', 'a')
  helix.terminal:wait_for('def retry_later(job):')
end)

check.case('the command line asks, too', function()
  helix:command('lsp-workspace-command tandem.ask {"question": "what is retried?"}')
  helix:agree('api.anthropic.com')
  helix:agree('is being written')
  helix.terminal:wait_for('# what is retried?')
  helix.terminal:wait_for('Answered by')
  helix.terminal:press('g', 'a')
  helix.terminal:wait_for('def retry_later(job):')
end)

check.case('it shows what was spent', function()
  helix:command('lsp-workspace-command tandem.budget')
  helix:agree('Budget')
  helix.terminal:wait_for('# Budget')
  helix.terminal:wait_for('of $20')
  helix.terminal:press('g', 'a')
  helix.terminal:wait_for('def retry_later(job):')
end)

check.case('a no sends nothing', function()
  helix:command('lsp-workspace-command tandem.ask {"question": "and this?"}')
  helix.terminal:wait_for('api.anthropic.com')
  helix.terminal:press('Escape')
  helix:agree('is being written')
  helix.terminal:wait_for('# and this?')
  helix.terminal:wait_for('Route:')
  check.truthy(not helix.terminal:screen():find('Answered by anthropic', 1, true), 'it was sent')
end)

check.case('a question that runs is cancelled by command, and what was sent is accounted for', function()
  helix.terminal:press('g', 'a')
  helix:command('lsp-workspace-command tandem.ask {"question": "what stops this?"}')
  helix:agree('api.anthropic.com')
  helix:agree('is being written')
  helix.terminal:wait_for('One more sentence')
  helix:command('lsp-workspace-command tandem.cancel')
  helix.terminal:wait_for('Answered by anthropic')
  helix.terminal:wait_for('cancelled')
end)

check.case('quitting Helix leaves nothing behind', function()
  helix:quit()
end)

check.case('a budget that does not reach is said, and the index answers', function()
  local poor = start('helix-poor', { TANDEM_BUDGET_LIMITS = '$0.0001 per month' })
  poor:command('lsp-workspace-command tandem.ask {"question": "what is retried?"}')
  poor:agree('Trust `workspace`')
  poor:agree('is being written')
  poor.terminal:wait_for('$0.0001')
  check.truthy(not poor.terminal:screen():find('Answered by anthropic', 1, true), 'it was sent')
  poor:quit()
end)

vim.fn.jobstop(provider)
check.finish()
