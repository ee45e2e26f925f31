using System.Globalization;
using CloudLab.Core.Common.Terminals;

namespace CloudLab.Host.Output;

/// <summary>The terminal, where there is one.</summary>
internal static class Terminal
{
    /// <summary>Characters in a line of output: the terminal's, else what COLUMNS says, else enough for most tables.</summary>
    public static int OutputWidth => !Console.IsOutputRedirected ? Width
        : int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), CultureInfo.InvariantCulture, out int columns) && columns > 0 ? columns
        : 160;

    /// <summary>Characters in a line of the terminal.</summary>
    public static int Width
    {
        get
        {
            try
            {
                return Console.WindowWidth is > 0 and int width ? width : 120;
            }
            catch (IOException)
            {
                return 120;
            }
        }
    }

    /// <summary>Ends a question that nobody has answered yet.</summary>
    public static CancellationTokenSource Interrupted { get; } = new();

    /// <summary>Asks the user, also when standard input is a pipe.</summary>
    /// <param name="errors">Where the question goes.</param>
    /// <param name="question">The question.</param>
    /// <param name="isSecret">Whether the answer is not to be shown.</param>
    /// <returns>The answer; null where there is nobody to ask.</returns>
    /// <exception cref="OperationCanceledException">Ctrl+C came instead of an answer.</exception>
    public static string? Ask(TextWriter errors, string question, bool isSecret = false)
    {
        if (Console.IsErrorRedirected)
        {
            return null;
        }

        try
        {
            // Not Console.In: that edits and shows the line itself, and is not for us to close.
            using FileStream terminal = new(OperatingSystem.IsWindows() ? "CONIN$" : "/dev/tty", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
            using StreamReader reader = new(terminal);

            // What is typed or pasted ahead is not shown either.
            using IDisposable? unseen = isSecret ? TerminalMode.WithoutEcho(terminal.SafeFileHandle) : null;
            errors.Write(question);
            errors.Flush();
            string? answer = WaitFor(reader.ReadLine);
            if (isSecret)
            {
                errors.Write("\n");
                errors.Flush();
            }

            return answer;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Waits for the user, or for Ctrl+C: no read of a terminal can be cancelled, so it is left behind in a thread of its own.</summary>
    private static T WaitFor<T>(Func<T> read)
    {
        Task<T> answer = Task.Factory.StartNew(read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return answer.WaitAsync(Interrupted.Token).GetAwaiter().GetResult();
    }
}
