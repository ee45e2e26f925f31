using System.Management.Automation;
using CloudLab.Core.Common.Commands;

namespace CloudLab.Cmdlets.Pipeline.Commands;

/// <summary>A command whose standard input is what comes down the pipeline: it starts with the first input, and its input ends with the pipeline.</summary>
/// <typeparam name="T">The command.</typeparam>
/// <param name="hasInput">Whether something comes down the pipeline.</param>
/// <param name="start">Starts the command, with standard input or without.</param>
/// <param name="read">Begins to read what the command writes.</param>
internal sealed class FedCommand<T>(bool hasInput, Func<bool, CancellationToken, Task<T>> start, Func<T, Task> read) : IDisposable
    where T : RunningCommand
{
    private T? running;
    private bool begun;

    /// <summary>Takes one input of the pipeline.</summary>
    /// <param name="input">The input; null where there is none.</param>
    /// <param name="cancellation">Cancels the start.</param>
    /// <returns>Done when there is room for more. Throws what the start throws, once.</returns>
    public async Task TakeAsync(PSObject? input, CancellationToken cancellation)
    {
        await BeginAsync(cancellation);
        if (running is not null && hasInput && input is not null)
        {
            await running.WriteAsync(CommandOutput.InputOf(input));
        }
    }

    /// <summary>Ends the input with the pipeline; an empty pipeline is empty input.</summary>
    /// <param name="cancellation">Cancels the start.</param>
    /// <returns>Done when it is ended.</returns>
    public async Task EndAsync(CancellationToken cancellation)
    {
        await BeginAsync(cancellation);
        if (running is not null && hasInput)
        {
            await running.CloseInputAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => running?.Dispose();

    // Where it could not be started, that is said already: what follows for it has nowhere to go.
    private async Task BeginAsync(CancellationToken cancellation)
    {
        if (!begun)
        {
            begun = true;
            running = await start(hasInput, cancellation);
            await read(running);
        }
    }
}
