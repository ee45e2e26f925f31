using System.Text.Json.Nodes;
using CloudLab.Core.Common.Yaml;

namespace CloudLab.Core.Containers.Compose;

/// <summary>
/// The names of services and profiles as they stand in compose files, for completion: a person who pressed Tab does not wait as long as
/// docker compose takes on a busy machine. Variables and extends play no part in them.
/// </summary>
internal sealed class ComposeNames
{
    private readonly SortedSet<string> services = new(StringComparer.Ordinal), profiles = new(StringComparer.Ordinal);
    private readonly HashSet<string> read = [];

    private ComposeNames()
    {
    }

    /// <summary>Reads the files of a project, and those that they include.</summary>
    /// <param name="source">The project.</param>
    /// <returns>Names; null where there is no file or only compose can read it.</returns>
    public static (IReadOnlyList<string> Services, IReadOnlyList<string> Profiles)? Of(ComposeSource source)
    {
        ComposeNames names = new();
        IEnumerable<string> files = source.Files.Count > 0 ? source.Files : source.FirstFile is { } first ? WithOverride(first) : [];
        try
        {
            return files.All(names.Read) && names.read.Count > 0 ? ([.. names.services], [.. names.profiles]) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<string> WithOverride(string file) =>
        new[] { ".yaml", ".yml" }.Select(extension => Path.Combine(Path.GetDirectoryName(file)!, Path.GetFileNameWithoutExtension(file) + ".override" + extension)).Where(File.Exists).Prepend(file);

    private bool Read(string file)
    {
        if (!read.Add(file))
        {
            return true;
        }

        if (YamlReader.Read(File.ReadAllText(file)).FirstOrDefault()?.Content is not JsonObject root)
        {
            return false;
        }

        foreach ((string name, JsonObject service) in ComposeModel.Maps(root, "services"))
        {
            services.Add(name);
            profiles.UnionWith(ComposeModel.Texts(service, "profiles"));
        }

        return (root["include"] as JsonArray ?? []).SelectMany(each => each is JsonObject ? ComposeModel.Texts(each, "path") : [$"{each}"])
            .Select(path => Path.GetFullPath(path, Path.GetDirectoryName(file)!)).All(path => File.Exists(path) && Read(path));
    }
}
