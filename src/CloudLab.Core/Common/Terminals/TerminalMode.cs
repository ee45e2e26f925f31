using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Core.Common.Terminals;

/// <summary>How a terminal treats what is typed and what is shown.</summary>
public static class TerminalMode
{
    // Of a Windows console's input: Ctrl+C as a signal, whole lines, echo, keys as escape sequences; of its output: escape sequences,
    // and no return with each new line.
    private const uint ProcessedInput = 1, LineInput = 2, WindowsEcho = 4, KeySequences = 0x200, OutputSequences = 4, NoReturn = 8;

    // ECHO in c_lflag of a termios, which is larger nowhere. The flags are 4 bytes each on Linux, 8 on macOS, and the fourth is the one.
    private const byte UnixEcho = 8;
    private const int TermiosSize = 256;

    // Where c_cc[VTIME] and c_cc[VMIN] are: Linux has a byte for the line discipline before c_cc.
    private static readonly (int Time, int Least) Waiting = OperatingSystem.IsMacOS() ? (32 + 17, 32 + 16) : (17 + 5, 17 + 6);

    /// <summary>Hides what is typed.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <returns>Brings the former state back when disposed.</returns>
    /// <exception cref="IOException">That cannot be done.</exception>
    public static IDisposable WithoutEcho(SafeFileHandle terminal)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        const string Cannot = "The terminal cannot hide the typed text.";
        if (OperatingSystem.IsWindows())
        {
            return Console(terminal, mode => mode & ~WindowsEcho, Cannot);
        }

        return Terminal(terminal, attributes => attributes[3 * (OperatingSystem.IsMacOS() ? 8 : 4)] &= unchecked((byte)~UnixEcho), Cannot);
    }

    /// <summary>
    /// Has each key as it is typed, Ctrl+C among them, and shows nothing by itself. On Unix a read of the terminal then returns after a tenth of
    /// a second, with nothing if nothing was typed: what waits for a key could not be ended otherwise.
    /// </summary>
    /// <param name="input">The terminal's input.</param>
    /// <param name="output">Its output.</param>
    /// <returns>Brings the former state back when disposed.</returns>
    /// <exception cref="IOException">That cannot be done.</exception>
    internal static IDisposable Raw(SafeFileHandle input, SafeFileHandle output)
    {
        const string Cannot = "The terminal cannot pass on single keys.";
        if (!OperatingSystem.IsWindows())
        {
            return Terminal(input, attributes =>
            {
                MakeRaw(attributes);
                (attributes[Waiting.Time], attributes[Waiting.Least]) = (1, 0);
            }, Cannot);
        }

        IDisposable keys = Console(input, mode => (mode & ~(ProcessedInput | LineInput | WindowsEcho)) | KeySequences, Cannot);
        try
        {
            IDisposable screen = Console(output, mode => mode | OutputSequences | NoReturn, Cannot);
            return new Restoring(() =>
            {
                try
                {
                    screen.Dispose();
                }
                finally
                {
                    keys.Dispose();
                }
            });
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    private static Restoring Console(SafeFileHandle console, Func<uint, uint> change, string cannot)
    {
        Check(GetConsoleMode(console, out uint mode), cannot);
        Check(SetConsoleMode(console, change(mode)), cannot);
        return new Restoring(() => SetConsoleMode(console, mode));
    }

    private static Restoring Terminal(SafeFileHandle terminal, Action<byte[]> change, string cannot)
    {
        byte[] before = new byte[TermiosSize];
        Check(GetAttributes(terminal, before) == 0, cannot);
        byte[] changed = [.. before];
        change(changed);
        Check(SetAttributes(terminal, 0, changed) == 0, cannot);
        return new Restoring(() => SetAttributes(terminal, 0, before));
    }

    private static void Check(bool done, string cannot)
    {
        if (!done)
        {
            throw new IOException(cannot);
        }
    }

    [DllImport("libc", EntryPoint = "tcgetattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetAttributes(SafeFileHandle terminal, byte[] attributes);

    [DllImport("libc", EntryPoint = "tcsetattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetAttributes(SafeFileHandle terminal, int when, byte[] attributes);

    [DllImport("libc", EntryPoint = "cfmakeraw")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void MakeRaw(byte[] attributes);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetConsoleMode(SafeFileHandle terminal, out uint mode);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetConsoleMode(SafeFileHandle terminal, uint mode);

    private sealed class Restoring : IDisposable
    {
        private readonly Action restore;
        private readonly PosixSignalRegistration[] signals;
        private int restored;

        public Restoring(Action restore)
        {
            this.restore = restore;

            // Also where the process ends meanwhile, or is told to: .NET 10 leaves that to the system, which restores nothing.
            AppDomain.CurrentDomain.ProcessExit += OnExit;
            signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, _ => Restore()))];
        }

        public void Dispose()
        {
            AppDomain.CurrentDomain.ProcessExit -= OnExit;
            Array.ForEach(signals, signal => signal.Dispose());
            Restore();
        }

        private void Restore()
        {
            if (Interlocked.Exchange(ref restored, 1) == 0)
            {
                restore();
            }
        }

        private void OnExit(object? sender, EventArgs e) => Restore();
    }
}
