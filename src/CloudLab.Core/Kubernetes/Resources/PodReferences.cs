using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>What a pod needs another object for.</summary>
internal enum PodReferenceUse
{
    /// <summary>Variables of a container.</summary>
    Environment,

    /// <summary>Files of a volume, or the volume itself.</summary>
    Volume,

    /// <summary>Credentials that the kubelet or a driver mounts a volume with; the containers do not see them.</summary>
    Driver,

    /// <summary>Credentials of a registry.</summary>
    ImagePull,

    /// <summary>The account that the pod runs as.</summary>
    Account,
}

/// <summary>An object of its namespace that a pod names.</summary>
/// <param name="Kind"><c>ConfigMap</c>, <c>Secret</c>, <c>PersistentVolumeClaim</c>, <c>ServiceAccount</c>, <c>ResourceClaim</c> or <c>ResourceClaimTemplate</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Use">What for.</param>
/// <param name="Path">The field that names it, from the spec of the pod on: <c>containers[0].envFrom[1].secretRef.name</c>.</param>
/// <param name="Optional">Whether the pod starts without it.</param>
/// <param name="Container">The container; null for what belongs to the pod.</param>
/// <param name="Keys">The keys of it that are named; none where all are taken.</param>
internal sealed record PodReference(string Kind, string Name, PodReferenceUse Use, string Path, bool Optional, string? Container, IReadOnlyList<string> Keys);

/// <summary>
/// The ConfigMaps, Secrets, claims and the service account that the spec of a pod names: the fields of kubernetes
/// <c>pkg/api/v1/pod/util.go</c> (<c>VisitPodSecretNames</c>, <c>VisitPodConfigmapNames</c>).
/// </summary>
internal static class PodReferences
{
    // Volumes of drivers that take a secret: the field of the volume, and where in it the name is.
    private static readonly (string Volume, string Field)[] DriverSecrets =
    [
        ("azureFile", "secretName"), ("cephfs", "secretRef"), ("cinder", "secretRef"), ("csi", "nodePublishSecretRef"), ("flexVolume", "secretRef"),
        ("iscsi", "secretRef"), ("rbd", "secretRef"), ("scaleIO", "secretRef"), ("storageos", "secretRef"),
    ];

    /// <summary>Lists them.</summary>
    /// <param name="spec">Spec of a pod, or of a pod template.</param>
    /// <param name="pod">Name of the pod, which the claims of its ephemeral volumes have in theirs; null for a template.</param>
    /// <returns>One entry a field, in the order of the fields; the same object may be there several times.</returns>
    public static IEnumerable<PodReference> Of(JsonObject spec, string? pod = null)
    {
        foreach (string group in new[] { "initContainers", "containers", "ephemeralContainers" })
        {
            foreach ((int at, JsonObject container) in spec.Objects(group).Index())
            {
                foreach (PodReference found in Environment(container, At(group, at)))
                {
                    yield return found;
                }
            }
        }

        foreach ((int at, JsonObject volume) in spec.Objects("volumes").Index())
        {
            foreach (PodReference found in Volume(volume, At("volumes", at), pod))
            {
                yield return found;
            }
        }

        foreach ((int at, JsonObject secret) in spec.Objects("imagePullSecrets").Index())
        {
            if (secret.Text("name") is { } name)
            {
                yield return new PodReference("Secret", name, PodReferenceUse.ImagePull, At("imagePullSecrets", at) + ".name", false, null, []);
            }
        }

        // The second name of the field is the old one, which the server fills in, too.
        if ((spec.Text("serviceAccountName") ?? spec.Text("serviceAccount")) is { } account)
        {
            yield return new PodReference(
                "ServiceAccount", account, PodReferenceUse.Account, spec.Text("serviceAccountName") is null ? "serviceAccount" : "serviceAccountName", false, null, []);
        }

        foreach ((int at, JsonObject claim) in spec.Objects("resourceClaims").Index())
        {
            foreach ((string field, string kind) in new[] { ("resourceClaimName", "ResourceClaim"), ("resourceClaimTemplateName", "ResourceClaimTemplate") })
            {
                if (claim.Text(field) is { } name)
                {
                    yield return new PodReference(kind, name, PodReferenceUse.Volume, $"{At("resourceClaims", at)}.{field}", false, null, []);
                }
            }
        }
    }

    private static IEnumerable<PodReference> Environment(JsonObject container, string path)
    {
        foreach ((int at, JsonObject variable) in container.Objects("env").Index())
        {
            foreach ((string field, string kind) in new[] { ("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret") })
            {
                if (variable.Object("valueFrom")?.Object(field) is { } key && key.Text("name") is { } name)
                {
                    yield return new PodReference(
                        kind, name, PodReferenceUse.Environment, $"{path}.{At("env", at)}.valueFrom.{field}.name", key.Flag("optional"), container.Text("name"),
                        key.Text("key") is { } one ? [one] : []);
                }
            }
        }

        foreach ((int at, JsonObject from) in container.Objects("envFrom").Index())
        {
            foreach ((string field, string kind) in new[] { ("configMapRef", "ConfigMap"), ("secretRef", "Secret") })
            {
                if (from.Object(field) is { } all && all.Text("name") is { } name)
                {
                    yield return new PodReference(
                        kind, name, PodReferenceUse.Environment, $"{path}.{At("envFrom", at)}.{field}.name", all.Flag("optional"), container.Text("name"), []);
                }
            }
        }
    }

    private static IEnumerable<PodReference> Volume(JsonObject volume, string path, string? pod)
    {
        if (Files(volume, "configMap", "ConfigMap", "name", path) is { } config)
        {
            yield return config;
        }

        if (Files(volume, "secret", "Secret", "secretName", path) is { } secret)
        {
            yield return secret;
        }

        foreach ((int at, JsonObject source) in (volume.Object("projected")?.Objects("sources") ?? []).Index())
        {
            string part = $"{path}.projected.{At("sources", at)}";
            foreach (PodReference? found in new[] { Files(source, "configMap", "ConfigMap", "name", part), Files(source, "secret", "Secret", "name", part) })
            {
                if (found is not null)
                {
                    yield return found;
                }
            }
        }

        if (volume.Object("persistentVolumeClaim")?.Text("claimName") is { } claim)
        {
            yield return new PodReference("PersistentVolumeClaim", claim, PodReferenceUse.Volume, path + ".persistentVolumeClaim.claimName", false, null, []);
        }

        if (pod is not null && volume.Object("ephemeral") is not null && volume.Text("name") is { } made)
        {
            yield return new PodReference("PersistentVolumeClaim", $"{pod}-{made}", PodReferenceUse.Volume, path + ".ephemeral", false, null, []);
        }

        foreach ((string kind, string field) in DriverSecrets)
        {
            JsonObject? driver = volume.Object(kind);
            if ((driver?.Text(field) ?? driver?.Object(field)?.Text("name")) is { } name)
            {
                yield return new PodReference(
                    "Secret", name, PodReferenceUse.Driver, $"{path}.{kind}.{field}{(driver!.Object(field) is null ? "" : ".name")}", false, null, []);
            }
        }
    }

    private static PodReference? Files(JsonObject volume, string field, string kind, string named, string path) =>
        volume.Object(field) is { } files && files.Text(named) is { } name
            ? new PodReference(
                kind, name, PodReferenceUse.Volume, $"{path}.{field}.{named}", files.Flag("optional"), null,
                [.. files.Objects("items").Select(item => item.Text("key")).OfType<string>()])
            : null;

    private static string At(string field, int index) => string.Create(CultureInfo.InvariantCulture, $"{field}[{index}]");
}
