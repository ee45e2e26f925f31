using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Kubernetes.Manifests.Templates;

/// <content>ConfigMaps and Secrets, and what is read into them.</content>
public sealed partial record ManifestTemplate
{
    private JsonObject ConfigMap()
    {
        JsonObject made = [], text = [], binary = [];
        foreach ((string key, byte[] value) in Contents())
        {
            if (IsText(value))
            {
                text[key] = Encoding.UTF8.GetString(value);
            }
            else
            {
                binary[key] = Convert.ToBase64String(value);
            }
        }

        Immutable(made);
        made["data"] = text;
        if (binary.Count > 0)
        {
            made["binaryData"] = binary;
        }

        return made;
    }

    private JsonObject Secret()
    {
        JsonObject made = new() { ["type"] = Text("Type") ?? "Opaque" };
        Immutable(made);
        made["data"] = new JsonObject(Contents().Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Convert.ToBase64String(pair.Value))));
        return made;
    }

    private void Immutable(JsonObject made)
    {
        if (Flag("Immutable"))
        {
            made["immutable"] = true;
        }
    }

    private static bool IsText(byte[] value) => System.Text.Unicode.Utf8.IsValid(value);

    private List<KeyValuePair<string, byte[]>> Contents()
    {
        List<KeyValuePair<string, byte[]>> found = [];
        foreach (string file in Texts("EnvFile"))
        {
            found.AddRange(EnvFile.Read(file, Environment).Select(pair => KeyValuePair.Create(pair.Key, Encoding.UTF8.GetBytes(pair.Value))));
        }

        foreach (string source in Texts("FromFile"))
        {
            found.AddRange(FromFile(source));
        }

        foreach ((string key, string value) in Values.GetValueOrDefault("Data") as IReadOnlyDictionary<string, string> ?? new Dictionary<string, string>())
        {
            found.Add(KeyValuePair.Create(key, Encoding.UTF8.GetBytes(value)));
        }

        foreach (IGrouping<string, KeyValuePair<string, byte[]>> key in found.GroupBy(pair => pair.Key))
        {
            if (!DataKey().IsMatch(key.Key) || key.Key == "." || key.Key.StartsWith("..", StringComparison.Ordinal))
            {
                throw Invalid("ValueInvalid", $"'{key.Key}' cannot be a key of a {Kind}: it consists of letters, digits, '-', '_' and '.'. For a file, give another one: -FromFile key=path.");
            }

            if (key.Count() > 1)
            {
                throw Invalid("ValueInvalid", $"The key '{key.Key}' is given twice.");
            }
        }

        return found;
    }

    // "path" or "key=path"; of a folder its files whose names can be keys, as kubectl does.
    private static IEnumerable<KeyValuePair<string, byte[]>> FromFile(string source)
    {
        (string? key, string path) = source.Split('=', 2) is [var name, var rest] ? (name, rest) : ((string?)null, source);
        try
        {
            return key is null && Directory.Exists(path)
                ? [.. new DirectoryInfo(path).EnumerateFiles().Where(file => DataKey().IsMatch(file.Name)).OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => KeyValuePair.Create(file.Name, File.ReadAllBytes(file.FullName)))]
                : [KeyValuePair.Create(key ?? Path.GetFileName(path), File.ReadAllBytes(path))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(LabErrorKind.NotFound, "FileUnreadable", $"-FromFile: '{path}' cannot be read: {e.Message}", e) { Target = path, StopsCommand = true };
        }
    }

    [GeneratedRegex(@"\A[-._a-zA-Z0-9]{1,253}\z")]
    private static partial Regex DataKey();
}
