using System.Text;

namespace CloudLab.Core.Sessions;

/// <summary>Writes files with secrets in them: readable for their owner alone from the first byte on, and never half-written.</summary>
internal static class OwnerFile
{
    /// <summary>Replaces a file; makes it, and its folder, where there is none.</summary>
    /// <param name="file">The file.</param>
    /// <param name="text">Its new content.</param>
    /// <param name="stillWanted">Asked in the last moment; null for yes.</param>
    /// <returns>False where it was not wanted any more. Throws IOException or UnauthorizedAccessException.</returns>
    public static bool Replace(string file, string text, Func<bool>? stillWanted = null)
    {
        string folder = Path.GetDirectoryName(file)!;
        bool unix = !OperatingSystem.IsWindows();
        if (unix)
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        else
        {
            Directory.CreateDirectory(folder);
        }

        // A crash leaves the old file or the new one.
        string next = Path.Combine(folder, $".{Path.GetFileName(file)}.{Guid.NewGuid():N}");
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (unix)
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (FileStream stream = new(next, options))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            if (stillWanted?.Invoke() == false)
            {
                return false;
            }

            File.Move(next, file, overwrite: true);
            return true;
        }
        finally
        {
            File.Delete(next);
        }
    }
}
