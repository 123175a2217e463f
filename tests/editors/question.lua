--- An unmodified Neovim asks a question by code action, allows it, and gets a cited answer that grows, with its cost.
--- The provider is played on this machine under its real name: TLS for that name, a certificate that the user trusts,
--- and a proxy that leads there, so that everything happens as with a model that has to be paid. `nvim -l
--- tests/editors/question.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local double = require('double')
local scratch = require('scratch')
local Neovim = require('neovim')

local PYTHON = 'def retry_later(job):\n    """Tries once more after a pause."""\n    return job\n\n\n'
  .. '# ask: what does this do?\ndef run(job):\n    return retry_later(job)\n'

local ANSWER = table.concat({
  'It runs a job, and tries again later: see jobs.py:7 and jobs.py:1.',
  '',
  'Nothing is at nowhere.py:3.',
  '',
}, '\n')

local job, settings = double.start('question', ANSWER, 40)

local editor = Neovim.start('question', settings)

--- What the user is asked, and what they choose: by a word that the entry begins with.
editor:lua([[
  _G.asked = {}
  vim.ui.select = function(items, options, choose)
    table.insert(_G.asked, options.prompt)
    for index, item in ipairs(items) do
      local title = options.format_item and options.format_item(item) or item
      for _, wanted in ipairs({ 'Ask: what does this do?', 'Trust', 'This time' }) do
        if vim.startswith(title, wanted) then
          return choose(item, index)
        end
      end
    end
    choose(nil)
  end
]])

check.case('the comment is a code action', function()
  scratch.write(editor.workspace .. '/jobs.py', PYTHON)
  editor:open('jobs.py')
  editor:type('6G')
  editor:lua('vim.lsp.buf.code_action()')
  check.wait('a question of the server', function()
    return editor:lua('return #_G.asked >= 2')
  end, function()
    return editor:lua('return _G.asked')
  end)
end)

--- The text of the answer's buffer, as far as it has come.
local function grown()
  return editor:lua([[
    for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
      if vim.api.nvim_buf_get_name(buffer):find('/answers/', 1, true) then
        return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
      end
    end
    return ''
  ]])
end

check.case('the answer grows beside the code and ends with its cost', function()
  local lengths = {}
  local text = check.wait('the footer', function()
    local text = grown()
    if #text ~= lengths[#lengths] then
      table.insert(lengths, #text)
    end
    return text:find('Answered by', 1, true) and text
  end, function()
    return { text = grown(), asked = editor:lua('return _G.asked'), log = editor:log():sub(-2000) }
  end)
  check.truthy(#lengths > 2, 'it came in one piece')
  check.truthy(text:find('jobs.py:7', 1, true), 'the citation: ' .. text)
  check.truthy(text:find('$0.', 1, true), 'the cost: ' .. text)
  check.truthy(text:find('not found and marked', 1, true), 'the citation of nothing is marked: ' .. text)
  check.truthy(text:find('`jobs.py`', 1, true), 'what was sent: ' .. text)
  -- The cursor stays where the user works.
  check.truthy(editor:lua('return vim.api.nvim_buf_get_name(0)'):find('jobs.py', 1, true), 'the focus was taken')
end)

check.case('what was asked for said what, where to and how much', function()
  local prompts = table.concat(editor:lua('return _G.asked'), '\n')
  check.truthy(prompts:find('api.anthropic.com', 1, true), prompts)
  check.truthy(prompts:find('Cost: $', 1, true), prompts)
end)

check.case('Neovim had no error to note', function()
  editor:check_log()
end)

check.case('quitting Neovim ends the server', function()
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

vim.fn.jobstop(job)
check.finish()
