using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Core.Common.Terminals;

/// <summary>The terminal of this process, given over to a program elsewhere: each key goes there, and what comes from there is shown as it is.</summary>
public sealed class LocalTerminal : IDisposable
{
    private const int WindowsInput = -10, WindowsOutput = -11;
    private const uint Tick = 100;
    private const ushort KeyEvent = 1, AltKey = 0x12;

    private readonly SafeFileHandle input, output;
    private readonly Encoding? former;
    private readonly Stream screen = Console.OpenStandardOutput();
    private readonly FileStream? keys;
    private readonly IDisposable mode;
    private readonly Encoder utf8 = new UTF8Encoding(false).GetEncoder();

    private LocalTerminal()
    {
        // .NET's own stream of the input reads whole lines and edits them.
        input = OperatingSystem.IsWindows() ? new SafeFileHandle(GetStandardHandle(WindowsInput), false) : new SafeFileHandle(0, false);
        output = OperatingSystem.IsWindows() ? new SafeFileHandle(GetStandardHandle(WindowsOutput), false) : new SafeFileHandle(1, false);
        mode = TerminalMode.Raw(input, output);
        if (OperatingSystem.IsWindows())
        {
            // What comes from a Linux program is UTF-8, whatever the console's code page is.
            former = Console.OutputEncoding;
            Console.OutputEncoding = new UTF8Encoding(false);
        }

        keys = OperatingSystem.IsWindows() ? null : new FileStream(input, FileAccess.Read, 0);
    }

    /// <summary>Columns and rows, as they are now.</summary>
    public static (int Columns, int Rows) Size => (Console.WindowWidth, Console.WindowHeight);

    /// <summary>Gives the terminal over, until this is disposed of.</summary>
    /// <returns>The terminal.</returns>
    /// <exception cref="IOException">It cannot pass on single keys.</exception>
    public static LocalTerminal Open() => new();

    /// <summary>Waits a tenth of a second for keys.</summary>
    /// <param name="buffer">Takes what was typed, as UTF-8; at least 80 bytes.</param>
    /// <returns>Number of bytes; 0 where nothing was typed.</returns>
    /// <exception cref="IOException">The terminal is gone.</exception>
    public int Read(Span<byte> buffer) => keys?.Read(buffer) ?? ReadConsole(buffer);

    /// <summary>Shows something.</summary>
    /// <param name="bytes">Text and escape sequences.</param>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        screen.Write(bytes);
        screen.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            mode.Dispose();
        }
        finally
        {
            if (former is not null)
            {
                Console.OutputEncoding = former;
            }

            keys?.Dispose();
            screen.Dispose();
            input.Dispose();
            output.Dispose();
        }
    }

    // A read of the console's characters could not be ended without a key; its events are read only where there are some.
    private int ReadConsole(Span<byte> buffer)
    {
        if (WaitForObject(input, Tick) != 0)
        {
            return 0;
        }

        InputRecord[] records = new InputRecord[16];
        if (!ReadInput(input, records, (uint)records.Length, out uint count))
        {
            throw new IOException("The console cannot be read.");
        }

        // A character that was typed by its number comes when Alt is released.
        char[] typed = [.. records.Take((int)count).Where(r => r.Type == KeyEvent && r.Character != 0 && (r.Down != 0 || r.Key == AltKey)).Select(r => (char)r.Character)];
        return utf8.GetBytes(typed, buffer, flush: false);
    }

    [DllImport("kernel32.dll", EntryPoint = "GetStdHandle")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern nint GetStandardHandle(int which);

    [DllImport("kernel32.dll", EntryPoint = "WaitForSingleObject")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern uint WaitForObject(SafeFileHandle what, uint milliseconds);

    [DllImport("kernel32.dll", EntryPoint = "ReadConsoleInputW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool ReadInput(SafeFileHandle console, [Out] InputRecord[] records, uint length, out uint count);

    // INPUT_RECORD with a KEY_EVENT_RECORD, the largest of its kinds but one of the same size.
    [StructLayout(LayoutKind.Sequential)]
    private struct InputRecord
    {
        public ushort Type;
        public ushort Padding;
        public int Down;
        public ushort Repeat;
        public ushort Key;
        public ushort Scan;
        public ushort Character;
        public uint State;
    }
}
