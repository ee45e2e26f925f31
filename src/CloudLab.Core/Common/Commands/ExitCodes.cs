using System.Globalization;

namespace CloudLab.Core.Common.Commands;

/// <summary>What exit codes mean.</summary>
public static class ExitCodes
{
    private static readonly Dictionary<int, string> Signals = new()
    {
        [1] = "SIGHUP", [2] = "SIGINT", [3] = "SIGQUIT", [4] = "SIGILL", [5] = "SIGTRAP", [6] = "SIGABRT", [7] = "SIGBUS", [8] = "SIGFPE", [9] = "SIGKILL",
        [10] = "SIGUSR1", [11] = "SIGSEGV", [12] = "SIGUSR2", [13] = "SIGPIPE", [14] = "SIGALRM", [15] = "SIGTERM", [24] = "SIGXCPU", [25] = "SIGXFSZ", [31] = "SIGSYS",
    };

    /// <summary>The signal that an exit code stands for.</summary>
    /// <param name="code">An exit code.</param>
    /// <returns>Its name, or null.</returns>
    public static string? SignalOf(int code) => code is > 128 and < 160 ? Signals.GetValueOrDefault(code - 128, $"signal {code - 128}") : null;

    /// <summary>An exit code in words.</summary>
    /// <param name="code">An exit code.</param>
    /// <returns><c>exit code 137 (killed by SIGKILL)</c>.</returns>
    public static string Describe(int code)
    {
        string? meaning = code switch
        {
            125 => "the engine could not start the container",
            137 => "killed by SIGKILL: by the engine, by the memory limit, or by hand",
            143 => "ended by SIGTERM, as a stop does",
            _ => Meaning(code),
        };
        return InWords(code, meaning);
    }

    /// <summary>An exit code of a program that no engine started, in words.</summary>
    /// <param name="code">An exit code.</param>
    /// <returns><c>exit code 137 (ended by SIGKILL)</c>.</returns>
    public static string DescribeProgram(int code) => InWords(code, Meaning(code));

    private static string? Meaning(int code) => code switch
    {
        126 => "the program is not executable",
        127 => "the program, or one that it called, was not found",
        139 => "crashed with SIGSEGV",
        _ => SignalOf(code) is { } signal ? "ended by " + signal : null,
    };

    private static string InWords(int code, string? meaning) => string.Create(CultureInfo.InvariantCulture, $"exit code {code}") + (meaning is null ? "" : $" ({meaning})");
}
