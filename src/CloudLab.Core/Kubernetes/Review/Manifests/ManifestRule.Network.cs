using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <content>Rules about Services, Ingresses and network policies.</content>
public sealed partial record ManifestRule
{
    internal static ManifestRule ServiceSelectsNothing { get; } = new(
        "ServiceSelectsNothing", FindingSeverity.High, "A Service selects no pods, while a workload that it could be meant for is there.",
        "It has no endpoints: every connection to it is refused.",
        "Write the labels of the pod template into the selector.");

    internal static ManifestRule TargetPortUnknown { get; } = new(
        "TargetPortUnknown", FindingSeverity.High, "A Service sends to a port that no container of its pods declares.",
        "A name that no container declares gives no endpoint; a number is sent to, and refused unless the program listens there all the same.",
        "Write the containerPort, or its name, into targetPort.");

    internal static ManifestRule ServicePortNameMissing { get; } = new(
        "ServicePortNameMissing", FindingSeverity.High, "A Service has several ports, and not all have a name.",
        "The server refuses the object.",
        "Give each port a name.");

    internal static ManifestRule ServicePortNameTwice { get; } = new(
        "ServicePortNameTwice", FindingSeverity.High, "Two ports of a Service have the same name.",
        "The server refuses the object.",
        "Give each port a name of its own.");

    internal static ManifestRule NodePortRange { get; } = new(
        "NodePortRange", FindingSeverity.High, "A nodePort is outside the range of the cluster.",
        "The server refuses the object, unless it was started with another range than 30000-32767.",
        "Use a port of 30000 to 32767, or leave nodePort out.");

    internal static ManifestRule NodePortTwice { get; } = new(
        "NodePortTwice", FindingSeverity.High, "Two Services ask for the same nodePort.",
        "The server refuses the second one.",
        "Leave nodePort out of one of them, or give it another.");

    internal static ManifestRule NodePortWithoutType { get; } = new(
        "NodePortWithoutType", FindingSeverity.High, "A Service has a nodePort, but is not open on nodes.",
        "The server refuses the object: only types NodePort and LoadBalancer take it.",
        "Set type: NodePort, or remove nodePort.");

    internal static ManifestRule HeadlessWithType { get; } = new(
        "HeadlessWithType", FindingSeverity.High, "A headless Service is to be open on nodes.",
        "The server refuses clusterIP None together with type NodePort or LoadBalancer.",
        "Remove clusterIP: None, or the type.");

    internal static ManifestRule ExternalNameIsAddress { get; } = new(
        "ExternalNameIsAddress", FindingSeverity.High, "An ExternalName is an IP address.",
        "It becomes a CNAME, which must be a name: nothing resolves it.",
        "Make a Service without a selector, and an EndpointSlice with the address.");

    internal static ManifestRule IngressServiceMissing { get; } = new(
        "IngressServiceMissing", FindingSeverity.High, "An Ingress leads to a Service that is not among the manifests, while a similar one is.",
        "Requests to the path get an error 503.",
        "Correct the name of the service in the backend; it must be in the namespace of the Ingress.");

    internal static ManifestRule IngressPortMissing { get; } = new(
        "IngressPortMissing", FindingSeverity.High, "An Ingress leads to a port that its Service does not have.",
        "Requests to the path get an error 503.",
        "Write the port, or the name of the port, of the Service: not the targetPort.");

    internal static ManifestRule IngressClassAnnotation { get; } = new(
        "IngressClassAnnotation", FindingSeverity.Low, "The class of an Ingress is in an annotation.",
        "kubernetes.io/ingress.class is deprecated since Kubernetes 1.18, and not every controller reads it.",
        "Write the class into spec.ingressClassName, and remove the annotation.");

    internal static ManifestRule IngressClassTwice { get; } = new(
        "IngressClassTwice", FindingSeverity.High, "An Ingress has its class in an annotation and in a field.",
        "The server refuses the object.",
        "Remove the annotation.");

    internal static ManifestRule IngressPathInvalid { get; } = new(
        "IngressPathInvalid", FindingSeverity.High, "A path or host of an Ingress is one that the server refuses.",
        "Paths of type Exact and Prefix begin with /; a host is a name without scheme, port and path.",
        "Correct the path or the host.");

    internal static ManifestRule DuplicateRoute { get; } = new(
        "DuplicateRoute", FindingSeverity.Medium, "Two rules of Ingresses have the same host and path.",
        "Which of them counts depends on the controller.",
        "Remove one of them.");

    internal static ManifestRule TlsHostUnused { get; } = new(
        "TlsHostUnused", FindingSeverity.Medium, "A host under tls is in no rule of the Ingress.",
        "Its rules are then served without this certificate.",
        "Write the same host under tls and under rules.");

    internal static ManifestRule NetworkPolicySelectsNothing { get; } = new(
        "NetworkPolicySelectsNothing", FindingSeverity.Medium, "A network policy selects no pods, while a workload that it could be meant for is there.",
        "It protects nothing: pods that no policy selects are open to all.",
        "Write the labels of the pod template into podSelector.");

    internal static ManifestRule NetworkPolicyRulesIgnored { get; } = new(
        "NetworkPolicyRulesIgnored", FindingSeverity.High, "A network policy has rules for a direction that policyTypes leaves out.",
        "The rules have no effect: everything is allowed in that direction.",
        "Add the direction to policyTypes.");

    internal static ManifestRule NetworkPolicyBlocksDns { get; } = new(
        "NetworkPolicyBlocksDns", FindingSeverity.Medium, "A network policy allows outgoing connections only to some pods, and not to DNS.",
        "The pods cannot resolve a name, not even those of the pods that they may reach.",
        "Allow port 53, UDP and TCP, to the namespace kube-system.");

    internal static IReadOnlyList<ManifestRule> Network =>
    [
        ServiceSelectsNothing, TargetPortUnknown, ServicePortNameMissing, ServicePortNameTwice, NodePortRange, NodePortTwice, NodePortWithoutType,
        HeadlessWithType, ExternalNameIsAddress, IngressServiceMissing, IngressPortMissing, IngressClassAnnotation, IngressClassTwice,
        IngressPathInvalid, DuplicateRoute, TlsHostUnused, NetworkPolicySelectsNothing, NetworkPolicyRulesIgnored, NetworkPolicyBlocksDns,
    ];
}
