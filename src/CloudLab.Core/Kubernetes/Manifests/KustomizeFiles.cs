using System.Text.Json.Nodes;
using CloudLab.Core.Common.Yaml;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>What files are to the kustomizations around them, for a review that reads them one by one: objects, patches, or something else.</summary>
internal sealed class KustomizeFiles
{
    // A patch is beside its kustomization, or in a folder below: patches/web.yaml.
    private const int HighestFolder = 3;

    private static readonly string[] Others = ["configurations", "transformers", "generators", "validators"];
    private static readonly string[] Generators = ["configMapGenerator", "secretGenerator"];

    private readonly Dictionary<string, (HashSet<string> Patches, HashSet<string> Others)?> known = new(StringComparer.Ordinal);

    /// <summary>Looks a file up.</summary>
    /// <param name="file">Full path.</param>
    /// <returns>True for a patch, false for what is no object at all, null for what may be one.</returns>
    public bool? IsPatch(string file)
    {
        if (Kustomize.IsName(Path.GetFileName(file)))
        {
            return false;
        }

        string? folder = Path.GetDirectoryName(file);
        for (int i = 0; i < HighestFolder && folder is not null; i++, folder = Path.GetDirectoryName(folder))
        {
            if (!known.TryGetValue(folder, out (HashSet<string> Patches, HashSet<string> Others)? listed))
            {
                known[folder] = listed = Read(folder);
            }

            if (listed?.Patches.Contains(file) ?? false)
            {
                return true;
            }

            if (listed?.Others.Any(path => file == path || file.StartsWith(path + Path.DirectorySeparatorChar, StringComparison.Ordinal)) ?? false)
            {
                return false;
            }
        }

        return null;
    }

    /// <summary>Whether a kustomization is in the folder of a file.</summary>
    /// <param name="file">Full path.</param>
    /// <returns>True if there is one. Ask <see cref="IsPatch"/> first.</returns>
    public bool IsBeside(string file) => known.GetValueOrDefault(Path.GetDirectoryName(file) ?? "") is not null;

    private static (HashSet<string> Patches, HashSet<string> Others)? Read(string folder)
    {
        if (Kustomize.FileIn(folder) is not { } file)
        {
            return null;
        }

        HashSet<string> patches = new(StringComparer.Ordinal), others = new(StringComparer.Ordinal);
        try
        {
            foreach (JsonObject map in SourceReader.Read(SourceText.Decode(File.ReadAllBytes(file))).Select(document => document.Content).OfType<JsonObject>())
            {
                // The first versions of kustomize took the names of files under patches.
                Add(patches, [.. map.Texts("patchesStrategicMerge"), .. map.Texts("patches"), .. Paths(map, "patches", "path")]);
                Add(others, [.. Others.SelectMany(map.Texts), .. Paths(map, "patchesJson6902", "path"), .. Paths(map, "replacements", "path"), .. Paths(map, "helmCharts", "valuesFile")]);
                foreach (JsonObject generator in Generators.SelectMany(map.Objects))
                {
                    // key=path names the file otherwise.
                    Add(others, generator.Texts("files").Concat(generator.Texts("envs")).Select(path => path[(path.IndexOf('=', StringComparison.Ordinal) + 1)..]));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is reviewed as if there were none.
            return null;
        }

        return (patches, others);

        void Add(HashSet<string> set, IEnumerable<string> paths)
        {
            foreach (string path in paths.Where(path => path.Length is > 0 and < 1000 && !path.Contains('\n', StringComparison.Ordinal) && !path.Contains('\0', StringComparison.Ordinal)))
            {
                set.Add(Path.GetFullPath(path, folder));
            }
        }
    }

    private static IEnumerable<string> Paths(JsonObject map, string list, string field) => map.Objects(list).Select(item => item.Text(field)).OfType<string>();
}
