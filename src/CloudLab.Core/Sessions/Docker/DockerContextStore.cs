using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Yaml;

namespace CloudLab.Core.Sessions.Docker;

/// <summary>The contexts that the docker CLI keeps in its configuration folder.</summary>
/// <param name="folder">The configuration folder.</param>
internal sealed class DockerContextStore(string folder)
{
    /// <summary>The docker CLI's configuration file.</summary>
    public string ConfigFile { get; } = Path.Combine(folder, "config.json");

    // As the docker CLI writes it.
    private static readonly JsonSerializerOptions AsWritten = new()
    {
        WriteIndented = true, IndentCharacter = '\t', IndentSize = 1, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private string MetaFolder => Path.Combine(folder, "contexts", "meta");

    /// <summary>The configuration file's content.</summary>
    /// <returns>An object; empty where there is no file. Throws <see cref="LabException"/> where it is no JSON.</returns>
    public JsonObject Config() => File.Exists(ConfigFile) ? Read(ConfigFile, orEmpty: true) : [];

    /// <summary>The context chosen with <c>docker context use</c>.</summary>
    /// <returns>Its name, or null.</returns>
    public string? Current() => StrictJson.Text(Config(), "currentContext");

    /// <summary>Finds a context by its name.</summary>
    /// <param name="name">Name of a context.</param>
    /// <returns>The context, or null.</returns>
    public DockerStoredContext? Find(string name)
    {
        string id = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name))).ToLowerInvariant();
        string file = Path.Combine(MetaFolder, id, "meta.json");
        if (!File.Exists(file))
        {
            return null;
        }

        JsonObject content = Read(file);
        JsonObject? endpoint = (content["Endpoints"] as JsonObject)?["docker"] as JsonObject;
        string host = StrictJson.Text(endpoint, "Host") ?? throw Unusable(file, "it does not name a Docker host");
        string tls = Path.Combine(folder, "contexts", "tls", id, "docker");
        bool skip = endpoint?["SkipTLSVerify"]?.GetValueKind() == JsonValueKind.True;
        return new DockerStoredContext(
            host, Directory.Exists(tls) || skip ? new DockerTls(tls, skip) : null, StrictJson.Text(content["Metadata"], "Description"));
    }

    /// <summary>Chooses a context for all docker tools, as <c>docker context use</c> does.</summary>
    /// <param name="name">Name of a context.</param>
    public void Use(string name)
    {
        Change(config =>
        {
            if (name == "default")
            {
                config.Remove("currentContext");
            }
            else
            {
                config["currentContext"] = name;
            }
        });
    }

    /// <summary>Changes the configuration file; what else is in it stays.</summary>
    /// <param name="change">Changes its content. Throws <see cref="LabException"/> (<c>DockerConfigNotWritten</c>).</param>
    public void Change(Action<JsonObject> change)
    {
        JsonObject config = Config();
        change(config);
        try
        {
            // People keep the file under version control and link to it.
            string file = File.Exists(ConfigFile) && File.ResolveLinkTarget(ConfigFile, returnFinalTarget: true) is { } target ? target.FullName : ConfigFile;
            OwnerFile.Replace(file, config.ToJsonString(AsWritten) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                LabErrorKind.WriteFailed, "DockerConfigNotWritten", $"The Docker configuration '{ConfigFile}' cannot be written: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>Names of all stored contexts, sorted; those that cannot be read are left out.</summary>
    /// <returns>Names without <c>default</c>.</returns>
    public IReadOnlyList<string> Names()
    {
        List<string> names = [];
        if (Directory.Exists(MetaFolder))
        {
            foreach (string file in Directory.EnumerateDirectories(MetaFolder).Select(d => Path.Combine(d, "meta.json")).Where(File.Exists))
            {
                try
                {
                    names.Add(StrictJson.Text(Read(file), "Name") ?? throw Unusable(file, "it has no name"));
                }
                catch (LabException)
                {
                    // A list is still useful without the broken one; using that one says what is wrong.
                }
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    // The docker CLI takes an empty configuration file as none, and Windows editors write byte order marks.
    private static JsonObject Read(string file, bool orEmpty = false)
    {
        try
        {
            string text = SourceText.Decode(File.ReadAllBytes(file));
            return orEmpty && string.IsNullOrWhiteSpace(text) ? [] : StrictJson.Parse(text) as JsonObject ?? throw Unusable(file, "it is not a JSON object");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Unusable(file, e.Message, e);
        }
    }

    private static LabException Unusable(string file, string why, Exception? inner = null) => new(
        LabErrorKind.InvalidArgument, "DockerConfigInvalid",
        $"The Docker configuration '{file}' cannot be used: {why.TrimEnd('.')}. Correct it, or name the engine with -DockerHost.", inner);
}

/// <summary>A context of the docker CLI.</summary>
/// <param name="Host">Address of its engine.</param>
/// <param name="Tls">How TLS is done, or null for none.</param>
/// <param name="Description">What its maker wrote about it, or null.</param>
internal sealed record DockerStoredContext(string Host, DockerTls? Tls, string? Description);
