using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Yaml;

namespace CloudLab.Core.Sessions.Kubernetes;

/// <summary>A named cluster, user or context of a kubeconfig, and the file that it stands in.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Body">What is said about it.</param>
/// <param name="File">The file: paths in the body are relative to its folder.</param>
internal sealed record KubeConfigEntry(string Name, JsonObject Body, string File)
{
    /// <summary>A string in the body; an empty one counts as not set.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>The string, or null.</returns>
    public string? Text(string key) => StrictJson.Text(Body, key);

    /// <summary>A switch in the body.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>True when it is set.</returns>
    public bool Flag(string key) => Body[key] is JsonValue value && value.TryGetValue(out bool flag) && flag;

    /// <summary>A file that the body names.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>Its absolute path, or null.</returns>
    public string? Path(string key) => Text(key) is { } path
        ? System.IO.Path.GetFullPath(path, System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(File))!)
        : null;
}

/// <summary>
/// Kubeconfig files merged by kubectl's rules: the first file to name a cluster, user, context or current context has the
/// only say about it.
/// </summary>
internal sealed class KubeConfigSet
{
    private readonly Dictionary<string, KubeConfigEntry> clusters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KubeConfigEntry> users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KubeConfigEntry> contexts = new(StringComparer.Ordinal);
    private readonly List<string> files = [];

    /// <summary>The clusters by name.</summary>
    public IReadOnlyDictionary<string, KubeConfigEntry> Clusters => clusters;

    /// <summary>The users by name.</summary>
    public IReadOnlyDictionary<string, KubeConfigEntry> Users => users;

    /// <summary>The contexts by name.</summary>
    public IReadOnlyDictionary<string, KubeConfigEntry> Contexts => contexts;

    /// <summary>The files that were there, in order.</summary>
    public IReadOnlyList<string> Files => files;

    /// <summary>Name of the context that is used when nobody asks for one.</summary>
    public string? CurrentContext { get; private set; }

    /// <summary>The file that names the current context.</summary>
    public string? CurrentContextFile { get; private set; }

    /// <summary>Reads and merges files.</summary>
    /// <param name="paths">Paths, joined as in <c>KUBECONFIG</c>; <c>~/</c> is the home folder.</param>
    /// <param name="environment">Says which that is.</param>
    /// <param name="required">True where each file must be there (they were asked for by name).</param>
    /// <returns>What they say together; empty where there is no file.</returns>
    public static KubeConfigSet Load(string paths, LabEnvironment environment, bool required)
    {
        KubeConfigSet set = new();
        foreach (string file in Paths(paths, environment))
        {
            if (File.Exists(file))
            {
                set.Add(file);
            }
            else if (required)
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "KubeConfigNotFound", $"There is no kubeconfig file '{file}': check -KubeConfig.");
            }
        }

        return set;
    }

    /// <summary>The files of a list.</summary>
    /// <param name="paths">Paths, joined as in <c>KUBECONFIG</c>.</param>
    /// <param name="environment">Says where the home folder is.</param>
    /// <returns>Each file once.</returns>
    public static IEnumerable<string> Paths(string paths, LabEnvironment environment) =>
        paths.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(environment.Expand).Distinct();

    private void Add(string file)
    {
        string text;
        try
        {
            text = SourceText.Decode(File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(file, e.Message, e);
        }

        files.Add(file);
        if (SourceReader.Read(text).FirstOrDefault() is not { } document)
        {
            return;
        }

        if (document.Problem is { } problem)
        {
            throw Unusable(file, $"line {problem.Line}, column {problem.Column}: {problem.Reason}");
        }

        if (document.Content is not JsonObject root)
        {
            throw Unusable(file, "it is not a mapping with clusters, users and contexts");
        }

        AddEntries(clusters, root, "clusters", "cluster", file);
        AddEntries(users, root, "users", "user", file);
        AddEntries(contexts, root, "contexts", "context", file);
        if (CurrentContext is null && root["current-context"] is JsonValue current && current.TryGetValue(out string? name) && name.Length > 0)
        {
            (CurrentContext, CurrentContextFile) = (name, file);
        }
    }

    private static void AddEntries(Dictionary<string, KubeConfigEntry> entries, JsonObject root, string list, string body, string file)
    {
        if (root[list] is null)
        {
            return;
        }

        if (root[list] is not JsonArray items)
        {
            throw Unusable(file, $"'{list}' is not a list");
        }

        foreach (JsonNode? item in items)
        {
            // Names may be written like numbers.
            if (item is JsonObject entry && entry["name"] is JsonValue name)
            {
                entries.TryAdd(name.ToString(), new KubeConfigEntry(name.ToString(), entry[body] as JsonObject ?? [], file));
            }
        }
    }

    private static LabException Unusable(string file, string why, Exception? inner = null) => new(
        LabErrorKind.InvalidArgument, "KubeConfigInvalid", $"The kubeconfig '{file}' cannot be used: {why}.", inner);
}
