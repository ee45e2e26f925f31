using System.Diagnostics;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Terminals;

namespace CloudLab.Core.Common.Commands;

/// <summary>A program that is running elsewhere, in a container: its input goes, its output comes, and at the end there is an exit code.</summary>
public abstract class RunningCommand : IDisposable
{
    // Bash where there is one.
    private static readonly string[] ShellCommand = ["sh", "-c", "if command -v bash >/dev/null; then exec bash; else exec sh; fi"];

    // Input that may wait for the command before whoever gives it has to.
    private const int InputAhead = 64 << 10;

    private readonly MemoryStream waiting = new();
    private readonly long start = Stopwatch.GetTimestamp();
    private Task sending = Task.CompletedTask;
    private bool isSending, ended;

    /// <summary>The command that starts a shell in a container of any kind.</summary>
    public static IReadOnlyList<string> Shell => ShellCommand;

    /// <summary>How long it runs.</summary>
    public TimeSpan Duration => Stopwatch.GetElapsedTime(start);

    /// <summary>Sends input. It goes together with what comes while a piece is under way; a command that has ended takes no more, and what is left is dropped as by a closed pipe.</summary>
    /// <param name="bytes">The input.</param>
    /// <returns>Done when there is room for more.</returns>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        Task before;
        lock (waiting)
        {
            if (!ended)
            {
                waiting.Write(bytes.Span);
                if (!isSending)
                {
                    isSending = true;
                    sending = Task.Run(SendWaitingAsync);
                }
            }

            if (waiting.Length < InputAhead && !sending.IsFaulted)
            {
                return;
            }

            before = sending;
        }

        await before;
    }

    /// <summary>Ends the input.</summary>
    /// <returns>Done when it is ended.</returns>
    public async Task CloseInputAsync()
    {
        await sending;
        try
        {
            await EndInputAsync();
        }
        catch (LabException e) when (MeansEnded(e))
        {
            // It has ended already.
        }
    }

    /// <summary>Reads the output to its end.</summary>
    /// <param name="onOutput">Takes the lines that came together, and whether they are from standard error.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Exit code. Throws <see cref="LabException"/> where the connection ended before the command did.</returns>
    public async Task<int> ReadAsync(Func<IReadOnlyList<string>, bool, ValueTask> onOutput, CancellationToken cancellation)
    {
        await LineSplitter.ReadAsync(() => NextAsync(cancellation), onOutput);
        DropInput();
        return await ExitCodeAsync(cancellation);
    }

    /// <summary>Gives a terminal over to the command until it ends.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="cancellation">Ends the connection; what the command is doing may go on.</param>
    /// <returns>Exit code; null where the user left with Ctrl+P Ctrl+Q and the command runs on. Throws <see cref="LabException"/> as <see cref="ReadAsync"/> does.</returns>
    public async Task<int?> RunInAsync(LocalTerminal terminal, CancellationToken cancellation)
    {
        TerminalLink link = new(this, terminal);
        return await link.RunAsync(cancellation) ? null : await ExitCodeAsync(cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads the next piece of output.</summary>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>The piece; null at the end.</returns>
    internal abstract ValueTask<OutputPiece?> NextAsync(CancellationToken cancellation);

    /// <summary>Sends a piece of input.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>Done when they are sent.</returns>
    internal abstract Task SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Tells the size of the terminal.</summary>
    /// <param name="columns">Columns.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Done when it is told.</returns>
    internal abstract Task ResizeAsync(int columns, int rows, CancellationToken cancellation);

    /// <summary>Ends the connection.</summary>
    /// <param name="disposing">False from a finalizer.</param>
    protected abstract void Dispose(bool disposing);

    /// <summary>Ends the input.</summary>
    /// <returns>Done when it is sent.</returns>
    private protected abstract Task EndInputAsync();

    /// <summary>Waits for the exit code, after the output.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The code.</returns>
    private protected abstract Task<int> ExitCodeAsync(CancellationToken cancellation);

    /// <summary>Whether a failure to send means that the command has ended, as <c>head</c> does before its input is at its end.</summary>
    /// <param name="e">The failure.</param>
    /// <returns>True if so: its exit code tells the rest.</returns>
    private protected abstract bool MeansEnded(LabException e);

    private async Task SendWaitingAsync()
    {
        try
        {
            while (true)
            {
                byte[] piece;
                lock (waiting)
                {
                    if (waiting.Length == 0)
                    {
                        isSending = false;
                        return;
                    }

                    piece = waiting.ToArray();
                    waiting.SetLength(0);
                }

                await SendAsync(piece);
            }
        }
        catch (LabException e) when (MeansEnded(e))
        {
            // It has ended without reading everything; what became of it shows in its exit code.
            DropInput();
        }
        catch
        {
            DropInput();
            throw;
        }
    }

    private void DropInput()
    {
        lock (waiting)
        {
            ended = true;
            waiting.SetLength(0);
        }
    }
}
