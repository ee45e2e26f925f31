using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Quota;

/// <summary>
/// The LimitRanges of a namespace: what they fill in and what they refuse, in the API server's words (plugin/pkg/admission/limitranger of
/// Kubernetes 1.36).
/// </summary>
/// <param name="ranges">LimitRange objects.</param>
internal sealed class LimitRanges(IEnumerable<JsonObject> ranges)
{
    private readonly IReadOnlyList<(string Name, Item[] Items)> ranges = [.. ranges.Select(range =>
    {
        string name = ManifestObjects.Text(range["metadata"], "name") ?? "";
        return (name, ManifestObjects.List(range["spec"], "limits").Select((item, i) => Item.Read(item, $"LimitRange {name}: spec.limits[{i}]")).ToArray());
    })];

    /// <summary>Fills in what the containers of a pod lack.</summary>
    /// <param name="pod">The pod, which is changed.</param>
    /// <returns>What was filled in, in words.</returns>
    public List<string> Fill(PodShape pod)
    {
        List<string> filled = [];
        foreach ((string name, Item[] items) in ranges)
        {
            ResourceList requests = [], limits = [];
            foreach (Item item in items.Where(item => item.Type == "Container"))
            {
                Set(requests, item.DefaultRequest);
                Set(limits, item.Default);
            }

            foreach (PodContainer container in pod.All)
            {
                Tell(container.Limits.Fill(limits), limits, "limit", container.Name, name);
                Tell(container.Requests.Fill(requests), requests, "request", container.Name, name);
            }
        }

        return filled;

        static void Set(ResourceList all, ResourceList some)
        {
            foreach ((string resource, Quantity amount) in some)
            {
                all[resource] = amount;
            }
        }

        void Tell(List<string> set, ResourceList amounts, string what, string container, string range) =>
            filled.AddRange(set.Select(resource => $"{resource} {what} {amounts[resource]} for container {container} from LimitRange {range}"));
    }

    /// <summary>Checks a pod.</summary>
    /// <param name="pod">The pod, filled in.</param>
    /// <returns>What is refused.</returns>
    public List<string> Check(PodShape pod)
    {
        List<string> refused = [];
        foreach (Item item in ranges.SelectMany(range => range.Items))
        {
            if (item.Type == "Container")
            {
                foreach (PodContainer container in pod.All)
                {
                    Check(item, container.Requests, container.Limits, refused);
                }
            }
            else if (item.Type == "Pod")
            {
                Check(item, pod.Requests(withOverhead: false), pod.Limits(withOverhead: false), refused);
            }
        }

        return refused;
    }

    /// <summary>Checks the claim of a volume.</summary>
    /// <param name="requests">Its requests.</param>
    /// <returns>What is refused.</returns>
    public List<string> CheckClaim(ResourceList requests)
    {
        List<string> refused = [];
        foreach (Item item in ranges.SelectMany(range => range.Items).Where(item => item.Type == "PersistentVolumeClaim"))
        {
            foreach ((string name, Quantity min) in item.Min)
            {
                AddMin(item.Type, name, min, requests, [], refused);
            }

            foreach ((string name, Quantity max) in item.Max)
            {
                if (!requests.TryGetValue(name, out Quantity request))
                {
                    refused.Add($"maximum {name} usage per {item.Type} is {max}.  No request is specified");
                }
                else if (request > max)
                {
                    refused.Add($"maximum {name} usage per {item.Type} is {max}, but request is {request}");
                }
            }
        }

        return refused;
    }

    private static void Check(Item item, ResourceList requests, ResourceList limits, List<string> refused)
    {
        foreach ((string name, Quantity min) in item.Min)
        {
            AddMin(item.Type, name, min, requests, limits, refused);
        }

        foreach ((string name, Quantity max) in item.Max)
        {
            string head = $"maximum {name} usage per {item.Type} is {max}";
            if (!limits.TryGetValue(name, out Quantity limit))
            {
                refused.Add($"{head}.  No limit is specified");
            }
            else if (limit > max)
            {
                refused.Add($"{head}, but limit is {limit}");
            }
            else if (requests.TryGetValue(name, out Quantity request) && request > max)
            {
                refused.Add($"{head}, but request is {request}");
            }
        }

        foreach ((string name, Quantity ratio) in item.Ratio)
        {
            string head = $"{name} max limit to request ratio per {item.Type} is {ratio}";
            Quantity request = requests.Of(name), limit = limits.Of(name);
            if (request.Sign == 0)
            {
                refused.Add($"{head}, but no request is specified or request is 0");
            }
            else if (limit.Sign == 0)
            {
                refused.Add($"{head}, but no limit is specified or limit is 0");
            }
            else if (limit.ToDouble() / request.ToDouble() is var found && found > ratio.ToDouble())
            {
                refused.Add(string.Create(CultureInfo.InvariantCulture, $"{head}, but provided ratio is {found:0.000000}"));
            }
        }
    }

    private static void AddMin(string type, string name, Quantity min, ResourceList requests, ResourceList limits, List<string> refused)
    {
        string head = $"minimum {name} usage per {type} is {min}";
        if (!requests.TryGetValue(name, out Quantity request))
        {
            refused.Add($"{head}.  No request is specified");
        }
        else if (min > request)
        {
            refused.Add($"{head}, but request is {request}");
        }
        else if (limits.TryGetValue(name, out Quantity limit) && min > limit)
        {
            refused.Add($"{head}, but limit is {limit}");
        }
    }

    private sealed record Item(string Type, ResourceList Min, ResourceList Max, ResourceList Ratio, ResourceList Default, ResourceList DefaultRequest)
    {
        public static Item Read(JsonObject json, string path)
        {
            ResourceList List(string name) => ResourceList.Read(json[name], $"{path}.{name}");
            Item item = new(ManifestObjects.Text(json, "type") ?? "", List("min"), List("max"), List("maxLimitRequestRatio"), List("default"), List("defaultRequest"));
            if (item.Type is not ("Container" or "Pod" or "PersistentVolumeClaim"))
            {
                throw ManifestObjects.Invalid("LimitRangeInvalid", $"{path}.type '{item.Type}' is not a choice: write Container, Pod or PersistentVolumeClaim.");
            }

            if (item.Type == "Container")
            {
                // What the API server fills in when the LimitRange is stored.
                item.Default.Fill(item.Max);
                item.DefaultRequest.Fill(item.Default);
                item.DefaultRequest.Fill(item.Min);
            }

            return item;
        }
    }
}
