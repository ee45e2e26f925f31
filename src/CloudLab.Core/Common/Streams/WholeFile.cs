using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Common.Streams;

/// <summary>Writes a file so that it is there in whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Writes a file.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="overwrite">Whether it may replace one that exists.</param>
    /// <param name="write">Writes the content.</param>
    /// <returns>
    /// The file. Throws <see cref="LabException"/> (<c>FileExists</c>, <c>FileNotWritten</c>), and what <paramref name="write"/> throws.
    /// </returns>
    public static async Task<FileInfo> WriteAsync(string path, bool overwrite, Func<Stream, Task> write)
    {
        if (Directory.Exists(path) || (!overwrite && File.Exists(path)))
        {
            throw new LabException(
                LabErrorKind.AlreadyExists, "FileExists",
                Directory.Exists(path) ? $"'{path}' is a folder: give the path of a file." : $"The file '{path}' exists: replace it with -Force.") { Target = path };
        }

        string folder = Path.GetDirectoryName(path)!;
        string partial = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        try
        {
            FileStream file;
            try
            {
                file = new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw NotWritten(e);
            }

            await using (file)
            {
                await write(file);
            }

            try
            {
                File.Move(partial, path, overwrite);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw NotWritten(e);
            }

            return new FileInfo(path);
        }
        finally
        {
            // Without its folder there is nothing to delete, which is an error to File.Delete.
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }
        }

        LabException NotWritten(Exception e) => new(
            LabErrorKind.WriteFailed, "FileNotWritten",
            Directory.Exists(folder) ? $"'{path}' cannot be written: {e.Message.TrimEnd('.')}." : $"There is no folder '{folder}' for the file.", e) { Target = path };
    }
}
