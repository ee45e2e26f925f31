using System.Management.Automation;
using CloudLab.Core.Common;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Takes the lines of a command: into the pipeline as they come, or kept for an object.</summary>
/// <param name="keep">Whether they are kept for an object.</param>
/// <param name="write">Writes a line of standard output.</param>
/// <param name="ask">Runs something on the pipeline thread.</param>
/// <param name="command">The cmdlet.</param>
internal sealed class CommandLines(bool keep, Func<string, ValueTask> write, Func<Func<bool>, Task<bool>> ask, PSCmdlet command)
{
    private const int LinesKept = 10;

    private readonly Queue<string> last = [];

    /// <summary>Lines of standard output that are kept.</summary>
    public List<string> Output { get; } = [];

    /// <summary>Lines of standard error that are kept.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>The last lines of both, for an error message.</summary>
    public string Last => CommandOutput.Last(last);

    /// <summary>Takes a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="isError">Whether it is from standard error.</param>
    /// <returns>Done when it is taken.</returns>
    public async ValueTask TakeAsync(string line, bool isError)
    {
        if (keep)
        {
            (isError ? Errors : Output).Add(line);
            return;
        }

        last.Enqueue(line);
        if (last.Count > LinesKept)
        {
            last.Dequeue();
        }

        if (isError)
        {
            await CommandOutput.ShowErrorAsync(ask, command, line);
        }
        else
        {
            await write(line);
        }
    }

    /// <summary>What to do about a command that could not be started because it is one text.</summary>
    /// <param name="words">The command.</param>
    /// <param name="code">Its exit code.</param>
    /// <returns>The advice.</returns>
    public static string Advice(string[] words, int code) => code is 126 or 127 && words is [var whole] && whole.Contains(' ', StringComparison.Ordinal)
        ? $"Give the program and its arguments one by one (-Command {whole.Replace(" ", ", ", StringComparison.Ordinal)}), or a shell: -Command sh, -c, {PowerShellText.Quote(whole)}."
        : "Use -AsObject to get output and exit code without an error.";
}
