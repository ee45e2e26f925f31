using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using CloudLab.Cmdlets.Autoscaling.Schedules;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Manifests.Templates;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Makes a Kubernetes manifest of an everyday kind. No cluster is needed.</summary>
/// <remarks>
/// <para>
/// The object can be changed and goes on to Deploy-LabManifest or Compare-LabManifest. It has the recommended label app.kubernetes.io/name, which selectors use, so that a
/// Deployment, a Service, a HorizontalPodAutoscaler and a NetworkPolicy of the same name belong together.
/// </para>
/// <para>
/// Workloads have requests and a memory limit, probes of their first port, and a security context that the restricted Pod Security Standard accepts: not root,
/// no capabilities, no token, a root file system that is read only, with a writable /tmp. -AllowRoot, -Writable and -RunAsUser are for images that
/// need more.
/// </para>
/// <para>Errors: ParameterNotForKind with the parameters that the kind takes; ParameterMissing; ValueInvalid; EnvFileInvalid with file and line; EnvFileUnreadable;
/// FileUnreadable. They end the command.</para>
/// </remarks>
/// <example>
/// <para>A web server with its service, tried out.</para>
/// <code>
/// New-LabManifest Deployment web -Image web:1 -Port 8080 -HealthPath /healthz -Memory 64Mi | Deploy-LabManifest -WhatIf
/// New-LabManifest Service web -Port 80 -TargetPort 8080 | Deploy-LabManifest -WhatIf
/// </code>
/// </example>
/// <example>
/// <para>Changes the object before it is deployed.</para>
/// <code>
/// $m = New-LabManifest CronJob backup -Image backup:1 -Schedule '0 2 * * *' -Command backup, --all
/// $m.Spec.jobTemplate.spec.backoffLimit = 1
/// $m | Compare-LabManifest
/// </code>
/// </example>
/// <example>
/// <para>A Secret whose values are given as text.</para>
/// <code>New-LabManifest Secret db -Data @{ user = 'app'; password = 'geheim' } | Deploy-LabManifest</code>
/// </example>
[Cmdlet(VerbsCommon.New, "LabManifest")]
[OutputType(typeof(LabResource))]
public sealed class NewLabManifestCommand : LabCommand
{
    private static readonly HashSet<string> Common = new(StringComparer.OrdinalIgnoreCase) { nameof(Kind), nameof(Name), nameof(Namespace), nameof(Label), nameof(Annotation) };

    /// <summary>Kind.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateSet(
        "ConfigMap", "CronJob", "DaemonSet", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job", "LimitRange", "Namespace", "NetworkPolicy",
        "PersistentVolumeClaim", "ResourceQuota", "Role", "RoleBinding", "Secret", "Service", "ServiceAccount", "StatefulSet")]
    public string Kind { get; set; } = "";

    /// <summary>Name of the object; what selects pods uses it too.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>Namespace; left open if omitted, so that Deploy-LabManifest decides.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("n", "ns")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Further labels, also of the pods.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary Label { get; set; } = new Hashtable();

    /// <summary>Annotations.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary Annotation { get; set; } = new Hashtable();

    /// <summary>Image of the container.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PodImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>Number of pods; 2 for a Deployment, 1 for a StatefulSet if omitted.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? Replicas { get; set; }

    /// <summary>Ports: numbers, or name=number (<c>http=8080</c>). For workloads the first one is probed; for an Ingress that of the service; for a NetworkPolicy those that are open.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Port { get; set; }

    /// <summary>Path of an HTTP probe of the first port, as in <c>/healthz</c>; if omitted, the port has to accept connections.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? HealthPath { get; set; }

    /// <summary>Command of the container, in place of the image's entry point.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Command { get; set; }

    /// <summary>Arguments of the container, in place of the image's command.</summary>
    [Parameter]
    [Alias("Args", "ArgumentList")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Argument { get; set; }

    /// <summary>Environment variables; they replace those of -EnvFile.</summary>
    [Parameter]
    [Alias("Environment")]
    [ValidateNotNull]
    public IDictionary? Env { get; set; }

    /// <summary>Files with <c>KEY=value</c> lines, read as kubectl create configmap --from-env-file reads them: environment variables of a workload, data of a ConfigMap or Secret.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? EnvFile { get; set; }

    /// <summary>ConfigMaps and Secrets whose keys become environment variables: <c>configmap/web</c>, <c>secret/db</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TypedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? EnvFrom { get; set; }

    /// <summary>What is mounted where: <c>@{ '/etc/web' = 'configmap/web' }</c>; also secret/name, pvc/name and emptydir.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Mount { get; set; }

    /// <summary>CPU request; 100m if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Cpu { get; set; }

    /// <summary>Memory request, and the limit without -MemoryLimit; 128Mi if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Memory { get; set; }

    /// <summary>CPU limit; none if omitted, since it slows down where CPU is free.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? CpuLimit { get; set; }

    /// <summary>Memory limit.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? MemoryLimit { get; set; }

    /// <summary>User that the container runs as; 65532 if omitted.</summary>
    [Parameter]
    [ValidateRange(1L, long.MaxValue)]
    public long? RunAsUser { get; set; }

    /// <summary>Lets the image's own user run, also root, with its capabilities.</summary>
    [Parameter]
    public SwitchParameter AllowRoot { get; set; }

    /// <summary>Lets the container write to its root file system; otherwise only /tmp and mounts are writable.</summary>
    [Parameter]
    public SwitchParameter Writable { get; set; }

    /// <summary>Service account of the pods, whose token is mounted then.</summary>
    [Parameter]
    [Alias("ServiceAccount")]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ServiceAccountName { get; set; }

    /// <summary>When the image is pulled.</summary>
    [Parameter]
    [Alias("Pull")]
    [ValidateSet("Always", "IfNotPresent", "Never")]
    [ValidateNotNullOrEmpty]
    public string? ImagePullPolicy { get; set; }

    /// <summary>Secrets with the registry's credentials.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? ImagePullSecret { get; set; }

    /// <summary>Schedule of a CronJob: <c>0 2 * * *</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Schedule { get; set; }

    /// <summary>Time zone of the schedule: <c>Europe/Paris</c>; that of the cluster's controllers if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TimeZoneCompleter))]
    [ValidateNotNullOrEmpty]
    public string? TimeZone { get; set; }

    /// <summary>What happens when the last job still runs; Forbid if omitted.</summary>
    [Parameter]
    [ValidateSet("Allow", "Forbid", "Replace")]
    [ValidateNotNullOrEmpty]
    public string? ConcurrencyPolicy { get; set; }

    /// <summary>Creates a CronJob that does not start jobs yet.</summary>
    [Parameter]
    public SwitchParameter Suspend { get; set; }

    /// <summary>How often a Job has to succeed.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Completions { get; set; }

    /// <summary>How many pods of a Job run at the same time.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? Parallelism { get; set; }

    /// <summary>How often a Job is tried again; 3 if omitted.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? BackoffLimit { get; set; }

    /// <summary>Seconds after which a finished Job is removed; never if omitted.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? TimeToLive { get; set; }

    /// <summary>Seconds that a Job may take.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Deadline { get; set; }

    /// <summary>Keys and values of a ConfigMap or Secret; plain text, also for a Secret.</summary>
    [Parameter]
    [Alias("FromLiteral")]
    [ValidateNotNull]
    public IDictionary? Data { get; set; }

    /// <summary>Files whose content becomes a value: path, or key=path; of a folder all its files.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? FromFile { get; set; }

    /// <summary>The data of the ConfigMap or Secret cannot be changed.</summary>
    [Parameter]
    public SwitchParameter Immutable { get; set; }

    /// <summary>Type of a Service (ClusterIP if omitted) or of a Secret (Opaque if omitted).</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Type { get; set; }

    /// <summary>Labels of the pods that a Service or NetworkPolicy is for; those of a workload of the same name if omitted, all pods for a NetworkPolicy with <c>@{}</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Selector { get; set; }

    /// <summary>Port of the pods that the first port of a Service leads to, by number or name; the same if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? TargetPort { get; set; }

    /// <summary>A Service without an address of its own, as a StatefulSet needs it.</summary>
    [Parameter]
    public SwitchParameter Headless { get; set; }

    /// <summary>Host of an Ingress: <c>movies.example.com</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? HostName { get; set; }

    /// <summary>Path prefix of an Ingress; / if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? UrlPath { get; set; }

    /// <summary>Class of an Ingress: <c>nginx</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? IngressClass { get; set; }

    /// <summary>Secret with the certificate of an Ingress.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? TlsSecret { get; set; }

    /// <summary>Service of an Ingress or StatefulSet; the same name if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ServiceName { get; set; }

    /// <summary>What a HorizontalPodAutoscaler scales: <c>deployment/web</c>; the Deployment of the same name if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TypedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Target { get; set; }

    /// <summary>Fewest pods; 2 if omitted.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? MinReplicas { get; set; }

    /// <summary>Most pods; 10 if omitted.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? MaxReplicas { get; set; }

    /// <summary>CPU use to aim at, in percent of the requests; 80 if neither this nor -MemoryPercent is given.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int? CpuPercent { get; set; }

    /// <summary>Memory use to aim at, in percent of the requests.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int? MemoryPercent { get; set; }

    /// <summary>Size of a PersistentVolumeClaim, or of the volume of each pod of a StatefulSet.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Size { get; set; }

    /// <summary>Storage class; the cluster's default if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? StorageClass { get; set; }

    /// <summary>Access modes of the claim; ReadWriteOnce if omitted.</summary>
    [Parameter]
    [ValidateSet("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")]
    [ValidateNotNullOrEmpty]
    public string[]? AccessMode { get; set; }

    /// <summary>Where the volume of -Size is mounted in a StatefulSet; /data if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? MountPath { get; set; }

    /// <summary>Limits of a ResourceQuota: <c>@{ 'requests.cpu' = '4'; pods = 20 }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Hard { get; set; }

    /// <summary>Limits of containers that set none, in a LimitRange: <c>@{ cpu = '500m'; memory = '256Mi' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Default { get; set; }

    /// <summary>Requests of containers that set none.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? DefaultRequest { get; set; }

    /// <summary>Smallest requests of a container.</summary>
    [Parameter]
    [Alias("Min")]
    [ValidateNotNull]
    public IDictionary? Minimum { get; set; }

    /// <summary>Largest limits of a container.</summary>
    [Parameter]
    [Alias("Max")]
    [ValidateNotNull]
    public IDictionary? Maximum { get; set; }

    /// <summary>Who may connect, in a NetworkPolicy: labels of pods (<c>app=web</c>), namespace/name, or an address range. Nobody without -From and -Port.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? From { get; set; }

    /// <summary>What a Role allows.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Verb { get; set; }

    /// <summary>On what: plural names with their group, as in <c>pods, deployments.apps, pods/log</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Resource { get; set; }

    /// <summary>Only on objects of these names.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? ResourceName { get; set; }

    /// <summary>What a RoleBinding grants: a Role, or clusterrole/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Role { get; set; }

    /// <summary>To whom: user/name, group/name, serviceaccount/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Subject { get; set; }

    /// <summary>Pod Security Standard that a Namespace enforces.</summary>
    [Parameter]
    [ValidateSet("privileged", "baseline", "restricted")]
    [ValidateNotNullOrEmpty]
    public string? PodSecurity { get; set; }

    /// <inheritdoc/>
    protected override bool AllOnProcess => true;

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        Dictionary<string, object> values = new(StringComparer.Ordinal);
        foreach (string name in MyInvocation.BoundParameters.Keys.Where(name => !Common.Contains(name)))
        {
            // The common parameters of PowerShell are no properties of this class.
            if (typeof(NewLabManifestCommand).GetProperty(name)?.DeclaringType == typeof(NewLabManifestCommand)
                && typeof(NewLabManifestCommand).GetProperty(name)!.GetValue(this) is { } value)
            {
                values[name] = Plain(name, value);
            }
        }

        WriteObject(new ManifestTemplate
        {
            Kind = ManifestTemplate.Kinds.First(kind => kind.Equals(Kind, StringComparison.OrdinalIgnoreCase)),
            Name = Name,
            Namespace = Namespace,
            Labels = Texts(Label),
            Annotations = Texts(Annotation),
            Values = values,
        }.Build());
    }

    private object Plain(string name, object value) => value switch
    {
        SwitchParameter flag => flag.IsPresent,
        IDictionary table => Texts(table),
        string[] files when name == nameof(EnvFile) => Array.ConvertAll(files, path => FilePath.Of(this, path)),
        string[] files when name == nameof(FromFile) => Array.ConvertAll(files, file => file.Split('=', 2) is [var key, var path] ? $"{key}={FilePath.Of(this, path)}" : FilePath.Of(this, file)),
        _ => value,
    };

    // A hashtable has no order of its own; the same command gives the same manifest.
    private static Dictionary<string, string> Texts(IDictionary table) => table is IOrderedDictionary
        ? PlainObject.Texts(table)
        : PlainObject.Texts(table).OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary();
}
