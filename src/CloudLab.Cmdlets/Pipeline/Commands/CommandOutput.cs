using System.Management.Automation;
using System.Text;
using CloudLab.Core.Common;

namespace CloudLab.Cmdlets.Pipeline.Commands;

/// <summary>What a program in a container is given and says, as PowerShell gives and shows it.</summary>
internal static class CommandOutput
{
    /// <summary>Shows a line of standard error: in the terminal, and apart from the output (6&gt;, -InformationVariable).</summary>
    /// <param name="ask">Runs something on the pipeline thread.</param>
    /// <param name="command">The cmdlet.</param>
    /// <param name="line">The line.</param>
    /// <returns>Done when it is shown.</returns>
    public static Task ShowErrorAsync(Func<Func<bool>, Task<bool>> ask, Cmdlet command, string line) => ask(() =>
    {
        command.WriteInformation(new HostInformationMessage { Message = line }, ["PSHOST", "stderr"]);
        return true;
    });

    /// <summary>What an object from the pipeline is as standard input of a program.</summary>
    /// <param name="input">Bytes, or anything that has a text.</param>
    /// <returns>The bytes as they are, or the text as a line.</returns>
    public static byte[] InputOf(PSObject input) => input.BaseObject as byte[] ?? Encoding.UTF8.GetBytes(input + "\n");

    /// <summary>Puts an exit code where PowerShell puts that of a program.</summary>
    /// <param name="ask">Runs something on the pipeline thread.</param>
    /// <param name="command">The cmdlet.</param>
    /// <param name="code">The code.</param>
    /// <returns>Done when it is set.</returns>
    public static Task SetExitCodeAsync(Func<Func<bool>, Task<bool>> ask, PSCmdlet command, int code) => ask(() =>
    {
        command.SessionState.PSVariable.Set("global:LASTEXITCODE", code);
        return true;
    });

    /// <summary>Last lines of output for an error message.</summary>
    /// <param name="lines">The lines.</param>
    /// <returns>Each on a line of its own, indented; nothing where there are none.</returns>
    public static string Last(IEnumerable<string> lines) => string.Concat(lines.Select(line => "\n  " + line));

    /// <summary>What can be done about a command that failed.</summary>
    /// <param name="code">Its exit code.</param>
    /// <param name="command">Program and arguments.</param>
    /// <returns>The advice.</returns>
    public static string Advice(int code, string[] command) =>
        code is 126 or 127 && command is [var whole] && whole.Contains(' ', StringComparison.Ordinal)
            ? $"Give the program and its arguments one by one (-Command {whole.Replace(" ", ", ", StringComparison.Ordinal)}), or a shell: -Command sh, -c, {PowerShellText.Quote(whole)}."
            : "Use -AsObject to get output and exit code without an error.";
}
