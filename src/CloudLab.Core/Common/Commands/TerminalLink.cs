using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Terminals;

namespace CloudLab.Core.Common.Commands;

/// <summary>Connects the terminal of this process to a process in a container that has one, too.</summary>
/// <param name="command">The process.</param>
/// <param name="terminal">The terminal.</param>
internal sealed class TerminalLink(RunningCommand command, LocalTerminal terminal)
{
    // The process may not have started yet when it is told the size first.
    private const int MostTries = 20;

    // The docker CLI, too, looks for them itself: to the engine and to a kubelet they are an error of the command.
    private const byte CtrlP = 16, CtrlQ = 17;

    private bool held;

    /// <summary>Passes on what is typed and what is shown until the connection ends, or until the user leaves with Ctrl+P Ctrl+Q.</summary>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>True where the user has left, and the process runs on.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<bool> keys = Task.Factory.StartNew(() => SendKeys(end.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task screen = ShowAsync(cancellation);
        if (await Task.WhenAny(keys, screen) == keys && await keys)
        {
            command.Dispose();
            await screen.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            return true;
        }

        try
        {
            await screen;
            return false;
        }
        finally
        {
            await end.CancelAsync();
            await keys;
        }
    }

    private async Task ShowAsync(CancellationToken cancellation)
    {
        while (await command.NextAsync(cancellation) is { } piece)
        {
            terminal.Write(piece.Bytes.Span);
        }
    }

    // In a thread of its own: a read of a terminal can only be waited for. True where the user leaves.
    private bool SendKeys(CancellationToken end)
    {
        // Room for a key that was held back.
        byte[] buffer = new byte[4096], typed = new byte[buffer.Length - 1];
        (int, int) told = default, asked = default;
        int tries = 0;
        try
        {
            while (!end.IsCancellationRequested)
            {
                (int columns, int rows) = LocalTerminal.Size;
                if ((columns, rows) != told)
                {
                    (tries, asked) = (columns, rows) == asked ? (tries + 1, asked) : (1, (columns, rows));
                    told = TryResize(columns, rows, end) || tries == MostTries ? asked : told;
                }

                int count = Pass(typed.AsSpan(0, terminal.Read(typed)), buffer, out bool leave);
                if (count > 0)
                {
                    command.SendAsync(buffer.AsMemory(0, count)).GetAwaiter().GetResult();
                }

                if (leave)
                {
                    return true;
                }
            }
        }
        catch (Exception e) when (e is LabException or IOException or OperationCanceledException)
        {
            // The connection is at its end, which its other direction tells; or the terminal is gone, and with it this process.
        }

        return false;
    }

    // A Ctrl+P waits for the next key, which says whether it is meant for the process.
    private int Pass(ReadOnlySpan<byte> typed, Span<byte> passed, out bool leave)
    {
        int count = 0;
        leave = false;
        foreach (byte key in typed)
        {
            if (held && key == CtrlQ)
            {
                leave = true;
                return count;
            }

            if (held)
            {
                passed[count++] = CtrlP;
            }

            held = key == CtrlP;
            if (!held)
            {
                passed[count++] = key;
            }
        }

        return count;
    }

    private bool TryResize(int columns, int rows, CancellationToken end)
    {
        try
        {
            command.ResizeAsync(columns, rows, end).GetAwaiter().GetResult();
            return true;
        }
        catch (LabException)
        {
            return false;
        }
    }
}
