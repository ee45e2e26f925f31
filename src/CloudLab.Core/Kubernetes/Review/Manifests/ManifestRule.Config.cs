using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <content>Rules about ConfigMaps, Secrets and what refers to them.</content>
public sealed partial record ManifestRule
{
    internal static ManifestRule SecretInConfigMap { get; } = new(
        "SecretInConfigMap", FindingSeverity.High, "A ConfigMap has a secret in it.",
        "Whoever may read the namespace reads it, and it is in the repository. It must be replaced by a new one.",
        "Put it into a Secret that is not in the repository: New-LabManifest Secret, an external store, or sealed secrets.") { IsSecurity = true };

    internal static ManifestRule SecretInEnvironment { get; } = new(
        "SecretInEnvironment", FindingSeverity.High, "A secret is written into a variable of a container.",
        "It is in the repository, and in everything that shows the workload. It must be replaced by a new one.",
        "Use valueFrom.secretKeyRef, and keep the Secret out of the repository.") { IsSecurity = true };

    internal static ManifestRule SecretInArguments { get; } = new(
        "SecretInArguments", FindingSeverity.High, "A secret is written into the command line of a container.",
        "It is in the repository, and in the list of processes of the node. It must be replaced by a new one.",
        "Put it into a Secret, into a variable by secretKeyRef, and into the command line as $(NAME).") { IsSecurity = true };

    internal static ManifestRule SecretInManifest { get; } = new(
        "SecretInManifest", FindingSeverity.Medium, "A Secret stands in a file with its values.",
        "base64 hides nothing: whoever can read the repository can read it.",
        "Keep the values in an external store or encrypted, and make the Secret when it is deployed.") { IsOptional = true, IsSecurity = true };

    internal static ManifestRule ConfigMapTooLarge { get; } = new(
        "ConfigMapTooLarge", FindingSeverity.High, "A ConfigMap or Secret is larger than 1 MiB.",
        "The server refuses the object.",
        "Split it, put the data into an image or a volume, or let the program fetch it.");

    internal static ManifestRule ConfigKeyInvalid { get; } = new(
        "ConfigKeyInvalid", FindingSeverity.High, "A key of a ConfigMap or Secret has a character that is not allowed.",
        "The server refuses the object: a key has letters, digits, '-', '_' and '.'.",
        "Rename the key; items of a volume can give its file another path.");

    internal static ManifestRule ConfigKeyMissing { get; } = new(
        "ConfigKeyMissing", FindingSeverity.High, "A pod uses a key that its ConfigMap or Secret does not have.",
        "The container does not start: CreateContainerConfigError, or a volume that cannot be mounted.",
        "Add the key, correct its name, or set optional: true.");

    internal static ManifestRule ReferenceMissing { get; } = new(
        "ReferenceMissing", FindingSeverity.Medium, "A pod uses an object that is not among the manifests, while a similar one is.",
        "The pod waits until the object is there.",
        "Correct the name.");

    internal static IReadOnlyList<ManifestRule> Config =>
    [
        SecretInConfigMap, SecretInEnvironment, SecretInArguments, SecretInManifest, ConfigMapTooLarge, ConfigKeyInvalid, ConfigKeyMissing,
        ReferenceMissing,
    ];
}
