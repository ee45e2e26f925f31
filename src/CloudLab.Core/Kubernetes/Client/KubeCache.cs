using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>
/// What was learnt from clusters, for the next process: in <c>~/.kube/cache/cloudlab</c>, beside kubectl's own. <c>CLOUDLAB_KUBE_CACHE</c> names
/// another folder, or is <c>off</c>. A cache that cannot be read or written is as good as none.
/// </summary>
internal sealed class KubeCache
{
    private static readonly TimeSpan Unused = TimeSpan.FromDays(30);

    private readonly string folder;

    private KubeCache(string folder) => this.folder = folder;

    /// <summary>The cache of an environment.</summary>
    /// <param name="environment">The environment.</param>
    /// <returns>The cache, or null where it is off.</returns>
    public static KubeCache? Of(LabEnvironment environment) => environment.Get("CLOUDLAB_KUBE_CACHE") switch
    {
        null => new KubeCache(Path.Combine(environment.Home, ".kube", "cache", "cloudlab")),
        var off when off.Equals("off", StringComparison.OrdinalIgnoreCase) => null,
        var path => new KubeCache(Path.GetFullPath(environment.Expand(path))),
    };

    /// <summary>Reads an entry.</summary>
    /// <param name="name">Its name: letters, digits, dots and dashes.</param>
    /// <returns>Its text, or null.</returns>
    public string? Read(string name)
    {
        try
        {
            string path = Path.Combine(folder, name);
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes an entry, whole or not at all, and clears away what nobody wrote for a month.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="text">Its text.</param>
    public void Write(string name, string text)
    {
        try
        {
            OwnerFile.Replace(Path.Combine(folder, name), text);
            foreach (FileInfo old in new DirectoryInfo(folder).EnumerateFiles().Where(file => file.LastWriteTimeUtc < DateTime.UtcNow - Unused))
            {
                old.Delete();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RequestLog.Current.Verbose($"The cache {folder} cannot be written: {e.Message}");
        }
    }

    /// <summary>Forgets an entry.</summary>
    /// <param name="name">Its name.</param>
    public void Remove(string name)
    {
        try
        {
            File.Delete(Path.Combine(folder, name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RequestLog.Current.Verbose($"The cache {folder} cannot be written: {e.Message}");
        }
    }
}
