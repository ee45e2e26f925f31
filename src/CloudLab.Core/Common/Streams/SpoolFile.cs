namespace CloudLab.Core.Common.Streams;

/// <summary>A file for what is too large for memory: readable for its owner alone, and gone as soon as it is closed.</summary>
internal static class SpoolFile
{
    /// <summary>Creates one.</summary>
    /// <param name="path">Full path of a file that does not exist.</param>
    /// <param name="bufferSize">Bytes of its buffer.</param>
    /// <param name="more">Further options.</param>
    /// <returns>The file, to write and to read. Throws IOException or UnauthorizedAccessException.</returns>
    public static FileStream Create(string path, int bufferSize, FileOptions more = FileOptions.None)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            Options = FileOptions.DeleteOnClose | more,
            BufferSize = bufferSize,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }
}
