using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Compose.Conversion;

/// <summary>How a compose project becomes manifests.</summary>
public sealed record ComposeConversionOptions
{
    /// <summary>Size of the claims that volumes become.</summary>
    public string StorageSize { get; init; } = "1Gi";

    /// <summary>Type of the Services of what publishes ports.</summary>
    public string ServiceType { get; init; } = "ClusterIP";
}

/// <summary>Makes Kubernetes objects of a compose project, and says what has no counterpart.</summary>
/// <param name="session">Names the docker CLI's configuration; no engine is needed.</param>
/// <param name="reporter">Gets a warning for each thing that is not carried over.</param>
public sealed class ComposeConverter(LabSession session, IReporter reporter)
{
    /// <summary>Converts a project.</summary>
    /// <param name="source">The project.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends compose.</param>
    /// <returns>Objects, those that others need first.</returns>
    public async Task<IReadOnlyList<JsonObject>> ConvertAsync(ComposeSource source, ComposeConversionOptions options, CancellationToken cancellation)
    {
        ComposeProgram program = new(session, reporter);
        ComposeModel model = await program.ResolveAsync(source, cancellation);
        model.Said.Warn(reporter);
        string[] variables = [.. new[] { "configs", "secrets" }.SelectMany(kind => ComposeModel.Maps(model.Root, kind)).Select(each => ComposeModel.Text(each.Value, "environment")).OfType<string>().Distinct()];
        ConversionContext context = new(model, options, await program.ValuesAsync(source, variables, cancellation), reporter);
        List<JsonObject> workloads = [];
        foreach ((string name, JsonObject service) in model.Services)
        {
            workloads.AddRange(new ServiceConversion(context, name, service).Objects());
        }

        foreach ((string name, JsonObject network) in ComposeModel.Maps(model.Root, "networks"))
        {
            if (name != "default" || network.Any(pair => pair.Key is not ("name" or "ipam") || (pair.Key == "ipam" && pair.Value is JsonObject { Count: > 0 })))
            {
                context.Say(null, $"networks.{name}", "all pods of a namespace reach each other; a NetworkPolicy can separate them");
            }
        }

        return [.. context.Shared, .. workloads];
    }
}

/// <summary>What the conversions of all services of a project share.</summary>
internal sealed class ConversionContext
{
    private const int LargestContent = 1_000_000;

    private readonly IReporter reporter;
    private readonly Dictionary<string, string> variables;
    private readonly Dictionary<string, string> names = [];
    private readonly HashSet<string> serviceNames = [], made = [];
    private readonly Dictionary<(string Kind, string Of), string> objectNames = [];
    private readonly Regex? renamed;

    public ConversionContext(ComposeModel model, ComposeConversionOptions options, Dictionary<string, string> variables, IReporter reporter)
    {
        (Model, Options, this.variables, this.reporter) = (model, options, variables, reporter);
        foreach ((string service, _) in model.Services)
        {
            names[service] = KubeText.Free(KubeText.Name(service), serviceNames.Contains);
            serviceNames.Add(names[service]);
        }

        // All at once, since the new name of one may be the old one of another. Only as a host: the same word is part of many a path.
        string[] old = [.. names.Where(pair => pair.Key != pair.Value).Select(pair => Regex.Escape(pair.Key)).OrderByDescending(name => name.Length)];
        renamed = old.Length == 0 ? null : new Regex($@"(?<=^|//|[@,;=\s])(?:{string.Join('|', old)})(?=$|[:/,;\s])");
    }

    public ComposeModel Model { get; }

    public ComposeConversionOptions Options { get; }

    /// <summary>ConfigMaps, Secrets and claims, in the order in which they were needed.</summary>
    public List<JsonObject> Shared { get; } = [];

    /// <summary>Says what is not carried over.</summary>
    public void Say(string? service, string key, string what) => reporter.Warning($"{(service is null ? "" : service + ": ")}{key}: {what}.");

    public string NameOf(string service) => names.GetValueOrDefault(service) ?? KubeText.Name(service);

    /// <summary>A text in which the services are called as in the cluster.</summary>
    public string Renamed(string service, string key, string text)
    {
        if (renamed is null)
        {
            return text;
        }

        foreach (string old in renamed.Matches(text).Select(match => match.Value).Distinct())
        {
            Say(service, key, $"the service '{old}' is called '{names[old]}' in it now, because names in Kubernetes have only lower-case letters, digits and dashes");
        }

        return renamed.Replace(text, match => names[match.Value]);
    }

    /// <summary>Takes another name for a service.</summary>
    /// <returns>Whether it was free.</returns>
    public bool TakeAlias(string alias) => serviceNames.Add(alias);

    /// <summary>The name of an object, other than those of all others of its kind.</summary>
    /// <param name="kind">Kind of the object.</param>
    /// <param name="of">What it is made of.</param>
    /// <param name="wanted">What it is to be called.</param>
    public string NameOf(string kind, string of, string wanted)
    {
        if (!objectNames.TryGetValue((kind, of), out string? name))
        {
            name = objectNames[(kind, of)] = KubeText.Free(wanted, each => objectNames.Any(pair => pair.Key.Kind == kind && pair.Value == each));
        }

        return name;
    }

    public JsonObject Object(string apiVersion, string kind, string name, JsonObject rest, string? service = null)
    {
        JsonObject labels = new() { ["app.kubernetes.io/part-of"] = KubeText.Name(Model.Name) };
        if (service is not null)
        {
            labels["app.kubernetes.io/name"] = NameOf(service);
        }

        JsonObject result = new() { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = labels } };
        foreach ((string key, JsonNode? value) in rest.ToArray())
        {
            rest.Remove(key);
            result[key] = value;
        }

        return result;
    }

    /// <summary>A ConfigMap or Secret of a config or secret; null where it has no content.</summary>
    /// <returns>The name of the object and the key in it.</returns>
    public (string Name, string Key)? Content(string service, string kind, string name)
    {
        JsonObject source = ComposeModel.Map(ComposeModel.Map(Model.Root, kind), name);
        string own = NameOf(kind == "secrets" ? "Secret" : "ConfigMap", $"{kind}.{name}", KubeText.Name(name)), key = KubeText.Key(name);
        if (ComposeModel.Flag(source, "external"))
        {
            Say(service, $"{kind}.{name}", $"it is external: create the {(kind == "secrets" ? "Secret" : "ConfigMap")} '{own}' with the key '{key}' before this is deployed");
            return (own, key);
        }

        byte[]? bytes = ComposeModel.Text(source, "content") is { } content ? Encoding.UTF8.GetBytes(content)
            : ComposeModel.Text(source, "environment") is { } variable ? variables.GetValueOrDefault(variable) is { } value ? Encoding.UTF8.GetBytes(value) : null
            : ComposeModel.Text(source, "file") is { } file ? Read(file) : null;
        if (bytes is null || bytes.Length > LargestContent)
        {
            Say(service, $"{kind}.{name}", bytes is null ? "its file cannot be read or its variable does not exist, so it is left out" : "it is larger than the 1 MiB that Kubernetes takes, so it is left out");
            return null;
        }

        Add(kind == "secrets" ? "Secret" : "ConfigMap", own, new() { [key] = bytes });
        return (own, key);
    }

    /// <summary>Adds a ConfigMap or a Secret once.</summary>
    public void Add(string kind, string name, Dictionary<string, byte[]> files)
    {
        if (!made.Add($"{kind}/{name}"))
        {
            return;
        }

        JsonObject texts = [], binary = [];
        foreach ((string key, byte[] bytes) in files)
        {
            if (TextOf(bytes) is { } text)
            {
                texts[key] = text;
            }
            else
            {
                binary[key] = Convert.ToBase64String(bytes);
            }
        }

        JsonObject rest = [];
        if (kind == "Secret")
        {
            rest["type"] = "Opaque";
        }

        if (texts.Count > 0)
        {
            rest[kind == "Secret" ? "stringData" : "data"] = texts;
        }

        if (binary.Count > 0)
        {
            rest[kind == "Secret" ? "data" : "binaryData"] = binary;
        }

        Shared.Add(Object("v1", kind, name, rest));
    }

    /// <summary>Adds the claim of a named volume once.</summary>
    /// <returns>Its name.</returns>
    public string Claim(string service, string volume)
    {
        JsonObject source = ComposeModel.Map(ComposeModel.Map(Model.Root, "volumes"), volume);
        string name = NameOf("PersistentVolumeClaim", volume, KubeText.Name(volume));
        if (!made.Add($"PersistentVolumeClaim/{name}"))
        {
            return name;
        }

        if (ComposeModel.Flag(source, "external"))
        {
            Say(service, $"volumes.{volume}", $"it is external: create the PersistentVolumeClaim '{name}' before this is deployed");
            return name;
        }

        if (ComposeModel.Text(source, "driver") is { } driver && driver != "local")
        {
            Say(null, $"volumes.{volume}.driver", $"'{driver}' is Docker's: set storageClassName in the claim");
        }

        if (source["driver_opts"] is JsonObject { Count: > 0 })
        {
            Say(null, $"volumes.{volume}.driver_opts", "they are Docker's: choose a storage class that does the same");
        }

        int users = Model.Services.Where(each => ComposeModel.Items(each.Value, "volumes").Any(mount => ComposeModel.Text(mount, "source") == volume))
            .Sum(each => ComposeModel.Scale(each.Value));
        if (users > 1)
        {
            Say(null, $"volumes.{volume}", "several pods use it: the claim asks for ReadWriteMany, which not every storage class has");
        }

        Shared.Add(Object("v1", "PersistentVolumeClaim", name, new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["accessModes"] = new JsonArray(users > 1 ? "ReadWriteMany" : "ReadWriteOnce"),
                ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = Options.StorageSize } },
            },
        }));
        return name;
    }

    /// <summary>The files of a bind mount that a ConfigMap can hold: one, or those of a small folder; null where it cannot.</summary>
    public static Dictionary<string, byte[]>? Small(string path, bool readOnly)
    {
        try
        {
            if (File.Exists(path))
            {
                return new FileInfo(path).Length <= LargestContent && File.ReadAllBytes(path) is var bytes && TextOf(bytes) is not null
                    ? new() { [KubeText.Key(Path.GetFileName(path))] = bytes } : null;
            }

            if (!readOnly || !Directory.Exists(path) || Directory.EnumerateDirectories(path).Any())
            {
                return null;
            }

            FileInfo[] files = [.. new DirectoryInfo(path).EnumerateFiles()];
            if (files.Length is 0 or > 20 || files.Sum(file => file.Length) > LargestContent || files.Any(file => KubeText.Key(file.Name) != file.Name))
            {
                return null;
            }

            Dictionary<string, byte[]> all = files.OrderBy(file => file.Name, StringComparer.Ordinal).ToDictionary(file => file.Name, file => File.ReadAllBytes(file.FullName));
            return all.Values.All(bytes => TextOf(bytes) is not null) ? all : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static byte[]? Read(string file)
    {
        try
        {
            // Of a larger one, what is enough to tell.
            using FileStream stream = File.OpenRead(file);
            byte[] bytes = new byte[Math.Min(stream.Length, LargestContent + 1)];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? TextOf(byte[] bytes)
    {
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
