using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <content>Rules about what pods and accounts may do.</content>
public sealed partial record ManifestRule
{
    internal static ManifestRule PrivilegedContainer { get; } = new(
        "PrivilegedContainer", FindingSeverity.High, "A container is privileged.",
        "It has all devices and capabilities of the node: who gets into it has the node.",
        "Remove privileged, and add the one capability or device that it needs.") { IsSecurity = true };

    internal static ManifestRule HostNamespace { get; } = new(
        "HostNamespace", FindingSeverity.Medium, "A pod shares the network, the processes or the IPC of its node.",
        "It can reach services that listen on the node's loopback only, or see and signal other processes.",
        "Remove hostNetwork, hostPID and hostIPC; use a Service to be reachable.") { IsSecurity = true };

    internal static ManifestRule HostPathVolume { get; } = new(
        "HostPathVolume", FindingSeverity.Medium, "A pod mounts a folder of its node.",
        "It sees what other pods left there, finds another folder on another node, and can change the node.",
        "Use an emptyDir or a PersistentVolumeClaim; agents that need the folder mount it with readOnly: true.") { IsSecurity = true };

    internal static ManifestRule RuntimeSocketMounted { get; } = new(
        "RuntimeSocketMounted", FindingSeverity.Critical, "A pod mounts the socket of the container runtime.",
        "Who can write to it starts any container as root of the node.",
        "Build images with BuildKit without root or Kaniko, and ask the Kubernetes API for what runs.") { IsSecurity = true };

    internal static ManifestRule HostPortUsed { get; } = new(
        "HostPortUsed", FindingSeverity.Low, "A container uses a port of its node.",
        "Only one such pod fits on a node, and it is reachable there past Services and often past network policies.",
        "Remove hostPort, and use a Service.") { IsSecurity = true };

    internal static ManifestRule RunsAsRoot { get; } = new(
        "RunsAsRoot", FindingSeverity.Medium, "A container is made to run as root.",
        "Who breaks out of it is root on the node.",
        "Set runAsNonRoot: true and a runAsUser above 0; give the files in the image to that user.") { IsSecurity = true };

    internal static ManifestRule RunAsNonRootMissing { get; } = new(
        "RunAsNonRootMissing", FindingSeverity.Low, "Nothing keeps a container from running as root.",
        "The image decides, and may decide otherwise tomorrow.",
        "Set securityContext.runAsNonRoot: true.") { IsOptional = true, IsSecurity = true };

    internal static ManifestRule PrivilegeEscalation { get; } = new(
        "PrivilegeEscalation", FindingSeverity.Medium, "A container is allowed to get more privileges than it started with.",
        "A setuid program in it makes an ordinary user root.",
        "Set allowPrivilegeEscalation: false.") { IsSecurity = true };

    internal static ManifestRule PrivilegeEscalationNotDenied { get; } = new(
        "PrivilegeEscalationNotDenied", FindingSeverity.Low, "A container does not say allowPrivilegeEscalation: false.",
        "Without it a setuid program in the image makes an ordinary user root.",
        "Set securityContext.allowPrivilegeEscalation: false.") { IsOptional = true, IsSecurity = true };

    internal static ManifestRule RootFileSystemWritable { get; } = new(
        "RootFileSystemWritable", FindingSeverity.Low, "A container can change the files of its image.",
        "An intruder can replace programs there.",
        "Set securityContext.readOnlyRootFilesystem: true, and mount an emptyDir where it writes.") { IsOptional = true, IsSecurity = true };

    internal static ManifestRule DangerousCapability { get; } = new(
        "DangerousCapability", FindingSeverity.High, "A container has a capability that is nearly as much as root of the node.",
        "It can mount file systems, load kernel modules or look into other processes.",
        "Remove the capability; add only the one that the program needs.") { IsSecurity = true };

    internal static ManifestRule IsolationDisabled { get; } = new(
        "IsolationDisabled", FindingSeverity.Medium, "Seccomp, AppArmor or the masking of /proc is turned off.",
        "System calls and files of the kernel are open that containers normally do not have.",
        "Use type RuntimeDefault, and leave procMount out.") { IsSecurity = true };

    internal static ManifestRule SecurityContextConflict { get; } = new(
        "SecurityContextConflict", FindingSeverity.High, "Two settings of a security context exclude each other.",
        "The server refuses the pod, or the kubelet does not start the container.",
        "Keep one of the two.");

    internal static ManifestRule WorkloadHasAllRights { get; } = new(
        "WorkloadHasAllRights", FindingSeverity.High, "A pod gets the token of an account that may do everything.",
        "Who gets into the container has the cluster.",
        "Give its account a role with the verbs and resources that it needs, or set automountServiceAccountToken: false.") { IsSecurity = true };

    internal static ManifestRule RbacWildcard { get; } = new(
        "RbacWildcard", FindingSeverity.High, "A role grants everything by a wildcard.",
        "It also covers secrets, and every kind that is installed later.",
        "Name the API groups, resources and verbs that are needed.") { IsSecurity = true };

    internal static ManifestRule RbacEscalation { get; } = new(
        "RbacEscalation", FindingSeverity.Medium, "A role lets its holders give themselves more rights.",
        "escalate and bind on roles, and impersonate, are as good as cluster-admin.",
        "Remove the verb, or restrict it with resourceNames.") { IsSecurity = true };

    internal static ManifestRule ClusterAdminBinding { get; } = new(
        "ClusterAdminBinding", FindingSeverity.High, "An account becomes cluster-admin.",
        "Every pod that runs as this account may do everything in the cluster.",
        "Bind a role with the verbs and resources that it needs.") { IsSecurity = true };

    internal static ManifestRule BoundToEverybody { get; } = new(
        "BoundToEverybody", FindingSeverity.Critical, "A role is given to everybody.",
        "system:anonymous and system:unauthenticated need no login; system:authenticated and system:serviceaccounts are every user or every pod.",
        "Name the users, groups or accounts that need it.") { IsSecurity = true };

    internal static ManifestRule RoleMissing { get; } = new(
        "RoleMissing", FindingSeverity.Medium, "The role that a binding names is not among the manifests, while a similar one is.",
        "A binding to a role that does not exist grants nothing.",
        "Correct the name in roleRef; a binding must be deleted and made again to change it.");

    internal static ManifestRule SubjectNamespaceMissing { get; } = new(
        "SubjectNamespaceMissing", FindingSeverity.High, "A ClusterRoleBinding names a service account without its namespace.",
        "The server refuses the object.",
        "Add the namespace to the subject.");

    internal static IReadOnlyList<ManifestRule> Security =>
    [
        PrivilegedContainer, HostNamespace, HostPathVolume, RuntimeSocketMounted, HostPortUsed, RunsAsRoot, RunAsNonRootMissing, PrivilegeEscalation,
        PrivilegeEscalationNotDenied, RootFileSystemWritable, DangerousCapability, IsolationDisabled, SecurityContextConflict, WorkloadHasAllRights,
        RbacWildcard, RbacEscalation, ClusterAdminBinding, BoundToEverybody, RoleMissing, SubjectNamespaceMissing,
    ];
}
