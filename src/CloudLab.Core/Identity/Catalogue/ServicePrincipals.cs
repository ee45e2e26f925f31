using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Catalogue;

/// <summary>Names of services as principals: <c>ec2.amazonaws.com</c>. Most are the prefix of the service; there is no complete list of the others.</summary>
public static class ServicePrincipals
{
    private const string Domain = ".amazonaws.com";

    // Those that are not the prefix of a service.
    private static readonly string[] Others =
    [
        "airflow-env", "aoss", "batchoperations", "config-multiaccountsetup", "delivery", "directoryservice", "edgelambda", "ec2fleet", "ecs-tasks", "eks-fargate-pods", "eks-nodegroup",
        "emr-containers", "export", "forms", "logdelivery", "logger", "loggingservice", "malware-protection-plan", "member", "monitoring", "opensearchservice", "ops", "pods", "replicator",
        "robomaker", "spot", "spotfleet", "stacksets", "tasks", "transitgateway", "vmie", "vpc-flow-logs", "vpc-lattice-dataplane", "workspaces", "lexv2", "dax",
    ];

    /// <summary>Whether a name is that of a service as far as is known.</summary>
    /// <param name="name">With or without the domain: <c>ec2</c>, <c>ecs-tasks.amazonaws.com</c>, <c>logs.eu-central-1.amazonaws.com</c>.</param>
    /// <returns>True if so.</returns>
    public static bool IsKnown(string name)
    {
        // Some have a region, some a kind before the service: monitoring.rds.
        string[] parts = Plain(name).Split('.');
        return Array.Exists(parts, part => ActionCatalogue.HasService(part) || Others.Contains(part, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>A hint at the service that was probably meant.</summary>
    /// <param name="name">What was written.</param>
    /// <returns>A question to end a sentence with; a full stop where nothing is similar.</returns>
    public static string WhatWasMeant(string name) =>
        PolicyReader.Suggest(Plain(name), ActionCatalogue.Services.Concat(Others)) is { Length: > 0 } meant ? meant : ".";

    private static string Plain(string name)
    {
        int domain = name.IndexOf(Domain, StringComparison.OrdinalIgnoreCase);
        return domain < 0 ? name : name[..domain];
    }
}
