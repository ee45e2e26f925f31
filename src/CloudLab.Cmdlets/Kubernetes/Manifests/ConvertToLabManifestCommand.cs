using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Containers.Compose;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Compose;
using CloudLab.Core.Containers.Compose.Conversion;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Writes manifests as YAML: of objects, or of a compose project that is to run in a cluster.</summary>
/// <remarks>
/// <para>Each object is one string, a YAML document that begins with ---, so that the output can be written to a file with &gt; and piped to Deploy-LabManifest. Text that a YAML
/// reader could take for a boolean, a number or a date is quoted. Objects are dictionaries, [pscustomobject] and the output of Get-LabResource, without what the server added.</para>
/// <para>With -Compose, docker compose resolves the project ('docker compose config': variables, .env, extends, include, anchors, profiles) and must be installed; no engine is needed.
/// A service becomes a Deployment with a Service of its name, a DaemonSet if it is global, or a Job if it is a task: if others wait for its success, or if it has restart: "no" and neither
/// ports nor a health check. A Service has the ports of the container and the published ones; without ports it is headless. Configs become ConfigMaps, secrets Secrets with their content, named
/// volumes PersistentVolumeClaims, small text files that are mounted ConfigMaps, and health checks probes, of which the liveness probe restarts the container. Values of env_file are in env.</para>
/// <para>One warning for each thing that could not be carried over names the service and the key, and says what to do. depends_on is only noted in an annotation: pods start at once.</para>
/// <para>Errors: ComposeFileNotFound, ComposeFileInvalid, ComposeEnvFileNotFound; ManifestInvalid for input that is no object. ComposeNotFound when docker compose is missing; it ends the command.</para>
/// </remarks>
/// <example>
/// <para>Writes the manifests of a compose project to a file.</para>
/// <code>ConvertTo-LabManifest -Compose shop/compose.yaml -WarningAction SilentlyContinue > shop.yaml</code>
/// </example>
/// <example>
/// <para>Writes a hashtable as YAML.</para>
/// <code>@{ apiVersion = 'v1'; kind = 'ConfigMap'; metadata = @{ name = 'movies' }; data = @{ debug = 'no' } } | ConvertTo-LabManifest</code>
/// </example>
/// <inputtype>Hashtables, PSCustomObject and CloudLab.Core.Kubernetes.Resources.LabResource.</inputtype>
[Cmdlet(VerbsData.ConvertTo, "LabManifest", DefaultParameterSetName = ObjectSet)]
[OutputType(typeof(string))]
public sealed class ConvertToLabManifestCommand : LabCommand
{
    private const string ObjectSet = "Object", ComposeSet = "Compose";

    private readonly CommandSession session = new();
    private ComposeSource? source;
    private int inputs;

    /// <summary>The objects.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    [ValidateNotNull]
    public object InputObject { get; set; } = null!;

    /// <summary>Compose files, each adding to those before it, or the folder of one.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ComposeSet)]
    [ValidateNotNullOrEmpty]
    public string[] Compose { get; set; } = [];

    /// <inheritdoc cref="Containers.Compose.ComposeCommand.Profile"/>
    [Parameter(ParameterSetName = ComposeSet)]
    [ArgumentCompleter(typeof(ComposeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Profile { get; set; } = [];

    /// <inheritdoc cref="Containers.Compose.ComposeCommand.EnvFile"/>
    [Parameter(ParameterSetName = ComposeSet)]
    [ValidateNotNullOrEmpty]
    public string[] EnvFile { get; set; } = [];

    /// <summary>Name of the project, for labels and the names of images that are built; that of the file or its folder if omitted.</summary>
    [Parameter(ParameterSetName = ComposeSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ProjectName { get; set; }

    /// <summary>Size of the claims that named volumes become: <c>10Gi</c>.</summary>
    [Parameter(ParameterSetName = ComposeSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern("^[1-9][0-9]*(?:[KMGTP]i?)?$")]
    public string StorageSize { get; set; } = "1Gi";

    /// <summary>Type of the Services whose ports are published.</summary>
    [Parameter(ParameterSetName = ComposeSet)]
    [ValidateSet("ClusterIP", "NodePort", "LoadBalancer")]
    public string ServiceType { get; set; } = "ClusterIP";

    /// <inheritdoc/>
    protected override object? ErrorTarget => Compose.FirstOrDefault();

    /// <inheritdoc/>
    protected override void OnBegin() => session.Begin();

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        if (ParameterSetName != ComposeSet)
        {
            inputs++;
            return;
        }

        source = ComposeInput.Of(this, Compose, ProjectName, Profile, EnvFile);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (source is null)
        {
            await WriteAsync(ManifestText.Write(Json(InputObject)), cancellation);
            return;
        }

        ComposeConversionOptions options = new() { StorageSize = StorageSize, ServiceType = ServiceType };
        foreach (JsonObject each in await new ComposeConverter(session.Resolve(new(), null), Reporter).ConvertAsync(source, options, cancellation))
        {
            await WriteAsync(ManifestText.Write(each), cancellation);
        }
    }

    private JsonObject Json(object input)
    {
        switch (PlainObject.Of(Sorted(input)))
        {
            case LabResource resource:
                ManifestItem item = ManifestReader.ReadObject(resource, inputs, plain: PlainObject.Of).First();
                return item.Problem is null ? item.ToJson() : throw item.Problem;
            case IDictionary map:
                return (JsonObject)ObjectJson.Of(map)!;
            case var other:
                throw new LabException(
                    LabErrorKind.InvalidData, "ManifestInvalid",
                    $"A {other?.GetType().Name} is not a manifest: pass a hashtable, a [pscustomobject] or the output of Get-LabResource; -Compose takes compose files.") { Target = input };
        }
    }

    // A hashtable has no order of its own, and another one in each process.
    private static object Sorted(object value) => (value is PSObject wrapper && wrapper.BaseObject is not PSCustomObject ? wrapper.BaseObject : value) switch
    {
        Hashtable table => Ordered(table.Keys.Cast<object>().OrderBy(key => $"{key}", StringComparer.Ordinal).Select(key => (key, table[key]))),
        OrderedDictionary ordered => Ordered(ordered.Keys.Cast<object>().Select(key => (key, ordered[key]))),
        object[] list => list.Select(item => item is null ? null : Sorted(item)).ToArray(),
        var other => other,
    };

    private static OrderedDictionary Ordered(IEnumerable<(object Key, object? Value)> entries)
    {
        OrderedDictionary sorted = [];
        foreach ((object key, object? value) in entries)
        {
            sorted[key] = value is null ? null : Sorted(value);
        }

        return sorted;
    }
}
