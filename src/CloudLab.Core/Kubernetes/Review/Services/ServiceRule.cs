using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Services;

/// <summary>A rule of the review of services.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Severity">How much harm it usually does: High where nothing answers.</param>
/// <param name="Title">What it finds, in one sentence.</param>
/// <param name="Help">Why that matters.</param>
internal sealed record ServiceRule(string Id, FindingSeverity Severity, string Title, string Help) : FindingRule(Id, Severity, Title, Help, "")
{
    /// <summary>All rules, in the order in which findings of one severity are listed; docs/service-review.md lists them.</summary>
    public static IReadOnlyList<ServiceRule> All => field ??=
    [
        ServiceMissing, SelectorMatchesNothing, NoPods, OnlyTerminating, NoReadyEndpoints, TargetPortMissing, ProtocolMismatch, ConnectionRefused, PolicyBlocks, NoEndpoints,
        EndpointPortMismatch, EndpointsMissing, ExternalNameIsAddress, ExternalNameMissing, IngressPortMissing, IngressClassMissing, RouteRefused, TargetPortNotDeclared,
        TargetPortDiffers, HeadlessPortDiffers, LoadBalancerPending, NotReadyPublished, FamilyWithoutEndpoints, TlsSecretMissing, IngressElsewhere, SomeNotReady, SeveralWorkloads,
        IngressHeadless, NoAnswer,
    ];

    public static ServiceRule ServiceMissing { get; } = new(
        "ServiceMissing", FindingSeverity.High, "An Ingress or HTTPRoute names a service that does not exist in its namespace.",
        "An Ingress can name only services of its own namespace; requests are answered with 503 or 404.");

    public static ServiceRule SelectorMatchesNothing { get; } = new(
        "SelectorMatchesNothing", FindingSeverity.High, "The selector of the service matches no pod and no pod template.",
        "Every label of the selector has to be on the pod with the same value; without pods the service has no endpoints.");

    public static ServiceRule NoPods { get; } = new(
        "NoPods", FindingSeverity.High, "A workload makes pods with the labels of the selector, and has none at present.",
        "It is scaled to 0, or its pods are refused.");

    public static ServiceRule OnlyTerminating { get; } = new(
        "OnlyTerminating", FindingSeverity.High, "All pods of the service are being deleted.", "A service sends nothing new to pods that are being deleted.");

    public static ServiceRule NoReadyEndpoints { get; } = new(
        "NoReadyEndpoints", FindingSeverity.High, "The service has pods, and none of them is ready.", "A service sends only to pods that are ready.");

    public static ServiceRule TargetPortMissing { get; } = new(
        "TargetPortMissing", FindingSeverity.High, "targetPort is a name that no container of the pods has.", "The port has no endpoints, although the pods are ready.");

    public static ServiceRule ProtocolMismatch { get; } = new(
        "ProtocolMismatch", FindingSeverity.High, "The service and the containers declare the port with different protocols.",
        "A named port is found only with the same protocol, and nothing listens on TCP where a program listens on UDP.");

    public static ServiceRule ConnectionRefused { get; } = new(
        "ConnectionRefused", FindingSeverity.High, "Nothing listens on the target port in the pod (only with -Test).", "What a container declares is not checked by anybody: its program may listen elsewhere.");

    public static ServiceRule PolicyBlocks { get; } = new(
        "PolicyBlocks", FindingSeverity.High, "Network policies select the pods and none of them admits the port.", "A pod that a policy selects accepts only what a policy admits.");

    public static ServiceRule NoEndpoints { get; } = new(
        "NoEndpoints", FindingSeverity.High, "The service has no selector, and nobody gave it addresses.", "Without a selector, its EndpointSlices have to be written by hand.");

    public static ServiceRule EndpointPortMismatch { get; } = new(
        "EndpointPortMismatch", FindingSeverity.High, "EndpointSlices that were written by hand do not have the port by its name.", "Ports of a service and of its EndpointSlices belong together by name.");

    public static ServiceRule EndpointsMissing { get; } = new(
        "EndpointsMissing", FindingSeverity.High, "Pods of the service are ready, and its EndpointSlices do not have them.", "The controller that writes them does not run, or is late.");

    public static ServiceRule ExternalNameIsAddress { get; } = new(
        "ExternalNameIsAddress", FindingSeverity.High, "externalName is an IP address.", "It becomes a CNAME record, and that can only hold a name.");

    public static ServiceRule ExternalNameMissing { get; } = new(
        "ExternalNameMissing", FindingSeverity.High, "externalName names a service of the cluster that does not exist.", "The name cannot be resolved.");

    public static ServiceRule IngressPortMissing { get; } = new(
        "IngressPortMissing", FindingSeverity.High, "An Ingress or HTTPRoute names a port that the service does not have.", "It has to name the port of the service, not that of the container.");

    public static ServiceRule IngressClassMissing { get; } = new(
        "IngressClassMissing", FindingSeverity.High, "The class of an Ingress does not exist, or it has none and there is no default.", "No controller takes the Ingress, so its host leads nowhere.");

    public static ServiceRule RouteRefused { get; } = new(
        "RouteRefused", FindingSeverity.High, "The gateway of an HTTPRoute does not accept it, or cannot resolve its references.", "Its rules are not applied.");

    public static ServiceRule TargetPortNotDeclared { get; } = new(
        "TargetPortNotDeclared", FindingSeverity.Medium, "targetPort is a number that no container declares or probes, while they declare or probe others.",
        "The program most probably listens on what it declares; -Test shows it.");

    public static ServiceRule TargetPortDiffers { get; } = new(
        "TargetPortDiffers", FindingSeverity.Medium, "The name in targetPort is missing in some pods, or is another number there.", "Pods without the port get nothing; different numbers are meant at most during a change.");

    public static ServiceRule HeadlessPortDiffers { get; } = new(
        "HeadlessPortDiffers", FindingSeverity.Medium, "A headless service has a port that is not its target port.", "Its name leads to the pods themselves, so nothing translates the port.");

    public static ServiceRule LoadBalancerPending { get; } = new(
        "LoadBalancerPending", FindingSeverity.Medium, "A service of type LoadBalancer has no address.", "Nothing in the cluster provides load balancers, or the provider refuses.");

    public static ServiceRule NotReadyPublished { get; } = new(
        "NotReadyPublished", FindingSeverity.Medium, "publishNotReadyAddresses is set, and pods are not ready.", "The service sends to them all the same.");

    public static ServiceRule FamilyWithoutEndpoints { get; } = new(
        "FamilyWithoutEndpoints", FindingSeverity.Medium, "The service has an address of a family in which no pod has one.", "Clients that choose this family get no answer.");

    public static ServiceRule TlsSecretMissing { get; } = new(
        "TlsSecretMissing", FindingSeverity.Medium, "The certificate that an Ingress names does not exist.", "The controller serves another certificate, which clients do not trust.");

    public static ServiceRule IngressElsewhere { get; } = new(
        "IngressElsewhere", FindingSeverity.Medium, "An Ingress of another namespace names a service of this name, which does not exist there.", "An Ingress can name only services of its own namespace.");

    public static ServiceRule SomeNotReady { get; } = new(
        "SomeNotReady", FindingSeverity.Low, "Some pods of the service are not ready.", "The others have to take all requests.");

    public static ServiceRule SeveralWorkloads { get; } = new(
        "SeveralWorkloads", FindingSeverity.Low, "The selector matches pods of several workloads.", "Requests go to all of them; that is meant for a canary only.");

    public static ServiceRule IngressHeadless { get; } = new(
        "IngressHeadless", FindingSeverity.Low, "An Ingress leads to a headless service or to an ExternalName.", "Some controllers cannot do that, or have to be told that they may.");

    public static ServiceRule NoAnswer { get; } = new(
        "NoAnswer", FindingSeverity.Low, "A connection to the port was accepted, and nothing was answered (only with -Test).", "The program waits for another protocol, or hangs.");
}
