using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Host.Output;

/// <summary>Whether a terminal shows what is typed.</summary>
internal static class TerminalEcho
{
    // ENABLE_ECHO_INPUT of a Windows console.
    private const uint WindowsEcho = 4;

    // ECHO in c_lflag of a termios, which is larger nowhere. The flags are 4 bytes each on Linux, 8 on macOS, and the fourth is the one.
    private const byte UnixEcho = 8;
    private const int TermiosSize = 256;

    /// <summary>Turns it off.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <returns>Brings the former state back when disposed.</returns>
    /// <exception cref="IOException">That cannot be done.</exception>
    public static IDisposable Off(SafeFileHandle terminal)
    {
        if (OperatingSystem.IsWindows())
        {
            Check(GetConsoleMode(terminal, out uint mode));
            Check(SetConsoleMode(terminal, mode & ~WindowsEcho));
            return new Restoring(() => SetConsoleMode(terminal, mode));
        }

        byte[] before = new byte[TermiosSize];
        Check(GetAttributes(terminal, before) == 0);
        byte[] silent = [.. before];
        silent[3 * (OperatingSystem.IsMacOS() ? 8 : 4)] &= unchecked((byte)~UnixEcho);
        Check(SetAttributes(terminal, 0, silent) == 0);
        return new Restoring(() => SetAttributes(terminal, 0, before));
    }

    private static void Check(bool done)
    {
        if (!done)
        {
            throw new IOException("The terminal cannot hide the typed text.");
        }
    }

    [DllImport("libc", EntryPoint = "tcgetattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetAttributes(SafeFileHandle terminal, byte[] attributes);

    [DllImport("libc", EntryPoint = "tcsetattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetAttributes(SafeFileHandle terminal, int when, byte[] attributes);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetConsoleMode(SafeFileHandle terminal, out uint mode);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetConsoleMode(SafeFileHandle terminal, uint mode);

    private sealed class Restoring(Action restore) : IDisposable
    {
        public void Dispose() => restore();
    }
}
