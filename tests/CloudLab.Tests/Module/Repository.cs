namespace CloudLab.Tests.Module;

/// <summary>The files that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>The folder with CloudLab.sln.</summary>
    public static string Folder { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string? folder)
    {
        while (folder is not null && !File.Exists(Path.Combine(folder, "CloudLab.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new DirectoryNotFoundException("These tests need the source tree around them.");
    }
}
