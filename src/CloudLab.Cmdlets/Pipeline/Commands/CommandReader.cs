using System.Collections;
using System.Management.Automation;
using CloudLab.Core.Common.Commands;

namespace CloudLab.Cmdlets.Pipeline.Commands;

/// <summary>Takes what a program in a container writes: to the pipeline as it comes, or kept for one object at the end.</summary>
/// <param name="command">The cmdlet.</param>
/// <param name="ask">Runs something on the pipeline thread.</param>
/// <param name="write">Writes lines to the pipeline.</param>
/// <param name="keep">Whether all lines are kept instead.</param>
internal sealed class CommandReader(PSCmdlet command, Func<Func<bool>, Task<bool>> ask, Func<IEnumerable, CancellationToken, ValueTask> write, bool keep = false)
{
    private const int LinesKept = 10;

    private readonly Queue<string> last = [];

    /// <summary>Lines of standard output, where they are kept.</summary>
    public List<string> Output { get; } = [];

    /// <summary>Lines of standard error, where they are kept.</summary>
    public List<string> ErrorOutput { get; } = [];

    /// <summary>The last lines for an error message, each on a line of its own, indented; nothing where there are none.</summary>
    public string Last => CommandOutput.Last(last);

    /// <summary>Reads the output of a command to its end, and sets the exit code.</summary>
    /// <param name="running">The command.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> ReadAsync(RunningCommand running, CancellationToken cancellation)
    {
        int code = await running.ReadAsync((lines, isError) => TakeAsync(lines, isError, cancellation), cancellation);
        await CommandOutput.SetExitCodeAsync(ask, command, code);
        return code;
    }

    /// <summary>Takes lines.</summary>
    /// <param name="lines">Lines that came together.</param>
    /// <param name="isError">Whether they are from standard error.</param>
    /// <param name="cancellation">Ends the wait for the pipeline.</param>
    /// <returns>Done when there is room for more.</returns>
    public async ValueTask TakeAsync(IReadOnlyList<string> lines, bool isError, CancellationToken cancellation)
    {
        if (keep)
        {
            (isError ? ErrorOutput : Output).AddRange(lines);
            return;
        }

        for (int i = Math.Max(0, lines.Count - LinesKept); i < lines.Count; i++)
        {
            last.Enqueue(lines[i]);
            if (last.Count > LinesKept)
            {
                last.Dequeue();
            }
        }

        if (!isError)
        {
            await write(lines, cancellation);
            return;
        }

        foreach (string line in lines)
        {
            await CommandOutput.ShowErrorAsync(ask, command, line);
        }
    }
}
