using System.Globalization;

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

    /// <summary>Asks the user, also when standard input is a pipe.</summary>
    /// <param name="errors">Where the question goes.</param>
    /// <param name="question">The question.</param>
    /// <returns>The answer; null where there is nobody to ask.</returns>
    public static string? Ask(TextWriter errors, string question)
    {
        if (Console.IsErrorRedirected)
        {
            return null;
        }

        try
        {
            using TextReader terminal = !Console.IsInputRedirected ? Console.In
                : new StreamReader(OperatingSystem.IsWindows() ? "CONIN$" : "/dev/tty");
            errors.Write(question);
            errors.Flush();
            return terminal.ReadLine()?.Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return null;
        }
    }
}
