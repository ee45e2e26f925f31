namespace CloudLab.Core.Common.Streams;

/// <summary>Opens a file that is named by a user: it may be a pipe.</summary>
internal static class InputFile
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Opens a file to read it from its beginning, unbuffered; others may write to it meanwhile.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The file. Throws what FileStream throws, and <see cref="TimeoutException"/> for a pipe that nobody writes to.</returns>
    public static async Task<FileStream> OpenAsync(string path, CancellationToken cancellation)
    {
        if (OperatingSystem.IsWindows() || new FileInfo(path).Length > 0)
        {
            return Open(path);
        }

        // It may be a pipe, and to open a pipe that nobody writes to takes for ever.
        Task<FileStream> opening = Task.Run(() => Open(path), CancellationToken.None);
        try
        {
            return await opening.WaitAsync(Patience, cancellation);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            _ = opening.ContinueWith(
                late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }

    private static FileStream Open(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Open,
        Access = FileAccess.Read,
        Share = FileShare.ReadWrite | FileShare.Delete,
        Options = FileOptions.SequentialScan,
        BufferSize = 0,
    });
}
