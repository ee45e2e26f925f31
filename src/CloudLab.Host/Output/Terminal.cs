using System.Globalization;
using System.Security;

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
    /// <returns>The answer; null where there is nobody to ask.</returns>
    /// <exception cref="OperationCanceledException">Ctrl+C came instead of an answer.</exception>
    public static string? Ask(TextWriter errors, string question)
    {
        if (Console.IsErrorRedirected)
        {
            return null;
        }

        try
        {
            // The console's own reader stays open: there may be more to ask.
            using StreamReader? terminal = Console.IsInputRedirected ? new StreamReader(OperatingSystem.IsWindows() ? "CONIN$" : "/dev/tty") : null;
            errors.Write(question);
            errors.Flush();
            return Wait(() => (terminal ?? Console.In).ReadLine())?.Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Asks the user for a secret, which is not shown.</summary>
    /// <param name="question">The question.</param>
    /// <returns>The secret; null where there is nobody to ask.</returns>
    /// <exception cref="OperationCanceledException">Ctrl+C came instead of an answer.</exception>
    public static SecureString? AskSecret(string question)
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
        {
            return null;
        }

        Console.Error.Write(question);
        SecureString secret = new();
        for (ConsoleKeyInfo key = Next(); key.Key != ConsoleKey.Enter; key = Next())
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                if (secret.Length > 0)
                {
                    secret.RemoveAt(secret.Length - 1);
                }
            }
            else if (key.KeyChar != '\0')
            {
                secret.AppendChar(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        secret.MakeReadOnly();
        return secret;

        static ConsoleKeyInfo Next() => Wait(() => Console.ReadKey(true));
    }

    /// <summary>Waits for the user, or for Ctrl+C: no read of a terminal can be cancelled, so it is left behind in a thread of its own.</summary>
    private static T Wait<T>(Func<T> read)
    {
        Task<T> answer = Task.Factory.StartNew(read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return answer.WaitAsync(Interrupted.Token).GetAwaiter().GetResult();
    }
}
