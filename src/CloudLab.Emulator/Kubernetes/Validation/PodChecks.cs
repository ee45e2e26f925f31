using System.Text.Json.Nodes;
using CloudLab.Core.Common.Quantities;
using CloudLab.Emulator.Kubernetes.Api;

namespace CloudLab.Emulator.Kubernetes.Validation;

/// <summary>Checks of pods and pod templates.</summary>
internal static class PodChecks
{
    private static readonly string[] OpenInPod = ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName", "schedulingGates"];

    /// <summary>Checks a pod template.</summary>
    /// <param name="template">The template.</param>
    /// <param name="field">Where it stands.</param>
    /// <param name="errors">What is wrong is added here.</param>
    /// <param name="restartPolicies">The policies that its owner allows.</param>
    /// <param name="claims">Volumes that its owner adds to each pod, so that containers may mount them.</param>
    public static void Template(JsonNode? template, string field, List<FieldError> errors, string[] restartPolicies, IEnumerable<string>? claims = null)
    {
        Names.Labels(template.At("metadata", "labels"), field + ".labels", errors);
        Spec(template.At("spec"), field + ".spec", errors, claims);
        if (template.Text("spec", "restartPolicy") is { } policy && IsRestartPolicy(policy) && !restartPolicies.Contains(policy))
        {
            errors.Add(restartPolicies.Length > 1
                ? FieldError.Required(field + ".spec.restartPolicy", "valid values: \"OnFailure\", \"Never\"")
                : FieldError.Unsupported(field + ".spec.restartPolicy", policy, restartPolicies));
        }
    }

    public static void Spec(JsonNode? spec, string field, List<FieldError> errors, IEnumerable<string>? claims = null)
    {
        HashSet<string> volumes = [];
        int at = 0;
        foreach (JsonObject volume in spec.Items("volumes"))
        {
            string name = volume.Text("name") ?? "", path = $"{field}.volumes[{at++}].name";
            if (name.Length == 0)
            {
                errors.Add(FieldError.Required(path));
            }
            else
            {
                Names.Label(path, name, errors);
                if (!volumes.Add(name))
                {
                    errors.Add(FieldError.Duplicate(path, name));
                }
            }
        }

        List<JsonObject> containers = [.. spec.Items("containers")];
        if (containers.Count == 0)
        {
            errors.Add(FieldError.Required(field + ".containers"));
        }

        volumes.UnionWith(claims ?? []);
        HashSet<string> names = [];
        Containers(containers, field + ".containers", names, volumes, errors);
        Containers([.. spec.Items("initContainers")], field + ".initContainers", names, volumes, errors);
        if (spec.Text("restartPolicy") is { } policy && !IsRestartPolicy(policy))
        {
            errors.Add(FieldError.Unsupported(field + ".restartPolicy", policy, ["Always", "OnFailure", "Never"]));
        }

        if (spec.Text("dnsPolicy") is { } dns and not ("ClusterFirst" or "ClusterFirstWithHostNet" or "Default" or "None"))
        {
            errors.Add(FieldError.Unsupported(field + ".dnsPolicy", dns, ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]));
        }
    }

    /// <summary>What may change in a pod that is there: its images and little else.</summary>
    public static void Change(JsonObject node, JsonObject live, List<FieldError> errors)
    {
        // Binding a pod to its node adds to the spec too.
        if (string.IsNullOrEmpty(live.Text("spec", "nodeName")) || Json.Same(Fixed(node), Fixed(live)))
        {
            return;
        }

        errors.Add(FieldError.Forbidden("spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
    }

    private static bool IsRestartPolicy(string policy) => policy is "Always" or "OnFailure" or "Never";

    private static JsonObject Fixed(JsonObject pod)
    {
        JsonObject spec = pod.Object("spec")?.Copy() ?? [];
        foreach (string name in OpenInPod)
        {
            spec.Remove(name);
        }

        foreach (JsonObject container in spec.Items("containers").Concat(spec.Items("initContainers")))
        {
            container.Remove("image");
        }

        return spec;
    }

    private static void Containers(List<JsonObject> containers, string field, HashSet<string> names, HashSet<string> volumes, List<FieldError> errors)
    {
        for (int i = 0; i < containers.Count; i++)
        {
            JsonObject container = containers[i];
            string path = $"{field}[{i}]", name = container.Text("name") ?? "", image = container.Text("image") ?? "";
            if (name.Length == 0)
            {
                errors.Add(FieldError.Required(path + ".name"));
            }
            else
            {
                Names.Label(path + ".name", name, errors);
                if (!names.Add(name))
                {
                    errors.Add(FieldError.Duplicate(path + ".name", name));
                }
            }

            if (image.Length == 0)
            {
                errors.Add(FieldError.Required(path + ".image"));
            }
            else if (image.Trim() != image)
            {
                errors.Add(FieldError.Invalid(path + ".image", image, "must not have leading or trailing whitespace"));
            }

            Ports(container, path, errors);
            Variables(container, path, errors);
            Mounts(container, path, volumes, errors);
            if (container.Text("imagePullPolicy") is { } policy and not ("Always" or "IfNotPresent" or "Never"))
            {
                errors.Add(FieldError.Unsupported(path + ".imagePullPolicy", policy, ["Always", "IfNotPresent", "Never"]));
            }

            Resources(container, path, errors);
        }
    }

    private static void Ports(JsonObject container, string path, List<FieldError> errors)
    {
        HashSet<string> names = [];
        int at = 0;
        foreach (JsonObject port in container.Items("ports"))
        {
            string field = $"{path}.ports[{at++}]";
            long number = port.Number("containerPort") ?? 0;
            if (number == 0)
            {
                errors.Add(FieldError.Required(field + ".containerPort"));
            }
            else
            {
                ServiceChecks.PortNumber(field + ".containerPort", number, errors);
            }

            if (port.Text("name") is { Length: > 0 } name)
            {
                if (name.Length > 15)
                {
                    errors.Add(FieldError.Invalid(field + ".name", name, "must be no more than 15 characters"));
                }

                if (!names.Add(name))
                {
                    errors.Add(FieldError.Duplicate(field + ".name", name));
                }
            }

            if (port.Text("protocol") is { } protocol and not ("TCP" or "UDP" or "SCTP"))
            {
                errors.Add(FieldError.Unsupported(field + ".protocol", protocol, ["SCTP", "TCP", "UDP"]));
            }
        }
    }

    private static void Variables(JsonObject container, string path, List<FieldError> errors)
    {
        int at = 0;
        foreach (JsonObject variable in container.Items("env"))
        {
            string field = $"{path}.env[{at++}]";
            if (string.IsNullOrEmpty(variable.Text("name")))
            {
                errors.Add(FieldError.Required(field + ".name"));
            }

            if (variable.Text("value") is { Length: > 0 } && variable["valueFrom"] is not null)
            {
                errors.Add(FieldError.Invalid(field + ".valueFrom", "", "may not be specified when `value` is not empty"));
            }
        }
    }

    private static void Mounts(JsonObject container, string path, HashSet<string> volumes, List<FieldError> errors)
    {
        int at = 0;
        HashSet<string> targets = [];
        foreach (JsonObject mount in container.Items("volumeMounts"))
        {
            string field = $"{path}.volumeMounts[{at++}]", volume = mount.Text("name") ?? "", target = mount.Text("mountPath") ?? "";
            if (volume.Length == 0)
            {
                errors.Add(FieldError.Required(field + ".name"));
            }
            else if (!volumes.Contains(volume))
            {
                errors.Add(new FieldError("FieldValueNotFound", field + ".name", $"Not found: \"{volume}\""));
            }

            if (target.Length == 0)
            {
                errors.Add(FieldError.Required(field + ".mountPath"));
            }
            else if (!targets.Add(target))
            {
                errors.Add(FieldError.Invalid(field + ".mountPath", target, "must be unique"));
            }
        }
    }

    private static void Resources(JsonObject container, string path, List<FieldError> errors)
    {
        foreach ((string name, JsonNode? amount) in container.Object("resources", "requests") ?? [])
        {
            string most = Show(container.At("resources", "limits", name)), asked = Show(amount);
            if (Quantity.TryParse(most, out Quantity limit) && Quantity.TryParse(asked, out Quantity request) && request > limit)
            {
                errors.Add(FieldError.Invalid($"{path}.resources.requests", asked, $"must be less than or equal to {name} limit of {most}"));
            }
        }
    }

    private static string Show(JsonNode? amount) => amount is null ? "" : amount.Text() ?? Json.Line(amount);
}
