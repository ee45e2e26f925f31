using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Host.Output;

/// <summary>Standard input, output and error in UTF-8 on every system.</summary>
internal static class StandardStreams
{
    private const int WindowsOutput = -11;

    private const int PieceSize = 1 << 16;

    // EPIPE, ERROR_BROKEN_PIPE, ERROR_NO_DATA.
    private const int BrokenPipe = 32, WindowsBrokenPipe = 109, WindowsNoData = 232;

    private static readonly UTF8Encoding Utf8 = new(false);

    /// <summary>Standard output. Into a pipe whose reader has gone a write throws <see cref="IOException"/>.</summary>
    /// <returns>The stream.</returns>
    public static Stream OpenOutput()
    {
        Stream console = Console.OpenStandardOutput();
        if (!Console.IsOutputRedirected)
        {
            return console;
        }

        // The console's stream swallows a broken pipe, so that a producer would never learn of it. For a file, though, it
        // is the right one: it writes at the position that the shell's other commands share.
        try
        {
            nint handle = OperatingSystem.IsWindows() ? GetStdHandle(WindowsOutput) : 1;
            FileStream stream = new(new SafeFileHandle(handle, false), FileAccess.Write, 0);
            return stream.CanSeek ? console : stream;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            return console;
        }
    }

    /// <summary>Standard error. Where it is closed, or its disk full, what is written is lost: the exit code still tells.</summary>
    /// <returns>The stream.</returns>
    public static Stream OpenError() => new LossyStream(Console.OpenStandardError());

    /// <summary>Whether a write failed because the reader has gone; a full disk is another matter.</summary>
    /// <param name="failure">How it failed.</param>
    /// <returns>True where the reader has gone.</returns>
    public static bool IsReaderGone(IOException failure) => (failure.HResult & 0xFFFF) is BrokenPipe or WindowsBrokenPipe or WindowsNoData;

    /// <summary>Text to a stream.</summary>
    /// <param name="stream">The stream.</param>
    /// <returns>A writer; lines end with a line feed.</returns>
    public static StreamWriter Writer(Stream stream) => new(stream, Utf8, 4096) { NewLine = "\n" };

    /// <summary>Whether standard input is something to read objects from: redirected, and not from nowhere.</summary>
    /// <returns>True to read it.</returns>
    public static bool HasInput() => Console.IsInputRedirected && LinkOf("/proc/self/fd/0") is var link && link != "/dev/null" && !IsOwnPipe(link);

    /// <summary>The lines of standard input. Reading happens elsewhere, so that waiting for a line can be cancelled.</summary>
    /// <param name="cancellation">Ends the lines.</param>
    /// <returns>The lines.</returns>
    /// <exception cref="IOException">Standard input cannot be read, such as a folder; on the way through the lines.</exception>
    public static IEnumerable<string> ReadLines(CancellationToken cancellation) => Read<string>(
        256,
        (stream, add) =>
        {
            using StreamReader input = new(stream, Utf8, true);
            while (input.ReadLine() is { } line)
            {
                add(line);
            }
        },
        cancellation);

    /// <summary>The bytes of standard input, in pieces as they come.</summary>
    /// <param name="cancellation">Ends them.</param>
    /// <returns>The pieces.</returns>
    /// <exception cref="IOException">Standard input cannot be read; on the way through the pieces.</exception>
    public static IEnumerable<byte[]> ReadBytes(CancellationToken cancellation) => Read<byte[]>(
        16,
        (stream, add) =>
        {
            byte[] buffer = new byte[PieceSize];
            for (int count; (count = stream.Read(buffer)) > 0;)
            {
                add(buffer[..count]);
            }
        },
        cancellation);

    private static IEnumerable<T> Read<T>(int ahead, Action<Stream, Action<T>> read, CancellationToken cancellation)
    {
        System.Collections.Concurrent.BlockingCollection<T> pieces = new(ahead);
        Exception? problem = null;
        Thread reader = new(() =>
        {
            try
            {
                using Stream input = Console.OpenStandardInput();
                read(input, pieces.Add);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problem = e;
            }

            pieces.CompleteAdding();
        })
        {
            IsBackground = true,
        };
        reader.Start();
        foreach (T piece in pieces.GetConsumingEnumerable(cancellation))
        {
            yield return piece;
        }

        if (problem is not null)
        {
            throw new IOException($"Standard input cannot be read: {problem.Message}", problem);
        }
    }

    // Where standard input was closed, the runtime's first pipe takes its number, and nothing ever comes out of it: this process itself has the end to write to.
    private static bool IsOwnPipe(string? link)
    {
        if (link?.Contains("pipe:[", StringComparison.Ordinal) != true)
        {
            return false;
        }

        try
        {
            return Directory.EnumerateFileSystemEntries("/proc/self/fd").Any(other => LinkOf(other) == link && IsForWriting(Path.GetFileName(other)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // proc_pid_fdinfo(5): "flags:" and the octal flags of open(2), whose last two bits are the access mode.
    private static bool IsForWriting(string descriptor) =>
        File.ReadLines($"/proc/self/fdinfo/{descriptor}").FirstOrDefault(line => line.StartsWith("flags:", StringComparison.Ordinal)) is { } flags && "12".Contains(flags[^1], StringComparison.Ordinal);

    private static string? LinkOf(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, false)?.FullName;
        }
        catch (IOException)
        {
            return null;
        }
    }

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern nint GetStdHandle(int which);
}
