using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Quota;

/// <summary>
/// Decides as the API server of Kubernetes 1.36 does in admission, LimitRanges first, then ResourceQuotas, on each object, and on the pods and
/// claims that controllers make of it.
/// </summary>
public sealed class QuotaCalculator
{
    // More pods of one workload are not tried one by one.
    private const int MostPods = 100_000;

    private readonly string defaultNamespace;
    private readonly int nodes;
    private readonly string? defaultClass;
    private readonly List<QuotaState> quotas;
    private readonly Dictionary<string, LimitRanges> limitRanges;
    private readonly List<(QuotaState Quota, ResourceList Used)> before;
    private readonly List<LabQuotaCheck> checks = [];

    /// <summary>Reads quotas and LimitRanges, and checks the other objects in their order.</summary>
    /// <param name="objects">Objects of all kinds.</param>
    /// <param name="existing">Objects that are there already: they are used where a quota does not say itself what is.</param>
    /// <param name="defaultNamespace">Namespace of objects that name none; null for the only one that is named, else <c>default</c>.</param>
    /// <param name="nodes">On how many nodes a DaemonSet runs.</param>
    public QuotaCalculator(IReadOnlyList<JsonObject> objects, IReadOnlyList<JsonObject> existing, string? defaultNamespace, int nodes)
    {
        this.nodes = nodes;
        JsonObject[] all = [.. objects, .. existing];
        quotas = [.. all.Where(one => Kind(one) == "ResourceQuota").Select(one => new QuotaState(one))];
        if (quotas.Count == 0 && !all.Any(one => Kind(one) == "LimitRange"))
        {
            throw ManifestObjects.Invalid("NoQuota", $"There is no ResourceQuota and no LimitRange, but {ManifestObjects.Describe(objects)}: give their manifests too, or pipe Get-LabResource resourcequotas.");
        }

        string[] named = [.. all.Select(one => ManifestObjects.Text(one["metadata"], "namespace")).OfType<string>().Distinct(StringComparer.Ordinal)];
        this.defaultNamespace = defaultNamespace ?? (named.Length == 1 ? named[0] : "default");
        limitRanges = all.Where(one => Kind(one) == "LimitRange").GroupBy(one => NamespaceOf(ManifestObjects.Text(one["metadata"], "namespace")), StringComparer.Ordinal)
            .ToDictionary(same => same.Key, same => new LimitRanges(same), StringComparer.Ordinal);
        defaultClass = ManifestObjects.Text(all.FirstOrDefault(one => Kind(one) == "StorageClass"
            && ManifestObjects.Text((one["metadata"] as JsonObject)?["annotations"], "storageclass.kubernetes.io/is-default-class") == "true")?["metadata"], "name");
        foreach (JsonObject one in existing)
        {
            Use(one);
        }

        before = [.. quotas.Select(quota => (quota, new ResourceList(quota.Used)))];
        foreach (JsonObject one in objects.Where(one => Kind(one) is not ("ResourceQuota" or "LimitRange" or "StorageClass" or "Namespace" or "Node")))
        {
            checks.Add(Check(one));
        }
    }

    /// <summary>Whether each object fits.</summary>
    public IReadOnlyList<LabQuotaCheck> Checks => checks;

    /// <summary>What is left of each quota.</summary>
    public IReadOnlyList<LabQuotaUsage> Usage => [.. before.SelectMany(one => one.Quota.Hard.Select(hard => new LabQuotaUsage
    {
        Namespace = NamespaceOf(one.Quota.Namespace),
        Quota = one.Quota.Name,
        Resource = hard.Key,
        Hard = hard.Value.CanonicalText,
        Used = one.Used.Of(hard.Key).CanonicalText,
        Left = (hard.Value - one.Used.Of(hard.Key)).CanonicalText,
        Requested = one.Quota.Requested.Of(hard.Key).CanonicalText,
        LeftAfter = (hard.Value - one.Quota.Used.Of(hard.Key)).CanonicalText,
    }))];

    // As in: pods "web-xxxxx" is forbidden: exceeded quota.
    private static string Forbidden(string group, string name, string why) => $"{group} \"{name}\" is forbidden: {why}";

    private static string Kind(JsonObject json) => ManifestObjects.Text(json, "kind") ?? "";

    private static bool IsOver(JsonObject pod) => ManifestObjects.Text(pod["status"], "phase") is "Failed" or "Succeeded";

    private string NamespaceOf(string? name) => name ?? defaultNamespace;

    private List<QuotaState> In(string ns) => quotas.FindAll(quota => NamespaceOf(quota.Namespace) == ns);

    private LimitRanges RangesIn(string ns) => limitRanges.GetValueOrDefault(ns) ?? new([]);

    // What is there is used, whether it would be accepted now or not.
    private void Use(JsonObject json)
    {
        string ns = NamespaceOf(ManifestObjects.Text(json["metadata"], "namespace")), name = ManifestObjects.Text(json["metadata"], "name") ?? "";
        QuotaItem item = Kind(json) switch
        {
            "Pod" => QuotaItem.OfPod(new(json["spec"] as JsonObject ?? [], $"Pod {name}"), IsOver(json)),
            "PersistentVolumeClaim" => QuotaItem.OfClaim(json["spec"], json["metadata"], $"PersistentVolumeClaim {name}", null),
            _ => QuotaItem.Of(json),
        };
        foreach (QuotaState quota in In(ns).Where(quota => !quota.IsCounted && quota.Matches(item)))
        {
            quota.Used.Add(quota.Charge(item));
        }
    }

    private LabQuotaCheck Check(JsonObject json)
    {
        string kind = Kind(json), name = ManifestObjects.Text(json["metadata"], "name") ?? ManifestObjects.Text(json["metadata"], "generateName") ?? "";
        string ns = NamespaceOf(ManifestObjects.Text(json["metadata"], "namespace"));
        List<QuotaState> mine = In(ns);
        LimitRanges ranges = RangesIn(ns);
        List<string> refusals = [];
        LabQuotaCheck result = new() { Namespace = ns, Kind = kind, Name = name, Fits = true, PodCount = 0, AcceptedPodCount = 0, Charge = "", Reason = "" };
        if (kind == "PersistentVolumeClaim")
        {
            QuotaItem claim = QuotaItem.OfClaim(json["spec"], json["metadata"], $"{kind} {name}", defaultClass);
            Admit(mine, claim, name, ranges.CheckClaim(claim.ClaimRequests), refusals);
            return Done(result, [claim], mine, refusals);
        }

        PodOwner? owner = PodOwner.Of(json);
        List<QuotaItem> items = [];
        bool accepted = true, podRefused = false;
        if (kind != "Pod")
        {
            items.Add(QuotaItem.Of(json));
            accepted = Admit(mine, items[0], name, [], refusals);
        }

        if (owner is null)
        {
            return Done(result, items, mine, refusals);
        }

        PodShape pod = new(owner.PodSpec, $"{kind} {name}");
        List<string> defaults = ranges.Fill(pod);
        List<string> bad = ranges.Check(pod);
        List<string> invalid = Invalid(pod);
        QuotaItem item = QuotaItem.OfPod(pod, kind == "Pod" && IsOver(json));
        Lazy<(QuotaItem Item, string Name, List<string> Refused)>[] claims = Claims(owner, ranges);
        int wanted = owner.Pods ?? nodes, made = 0;
        accepted = accepted && (kind switch { "Deployment" => Admit(mine, QuotaItem.OfKind("replicasets.apps"), name, [], refusals), "CronJob" => Admit(mine, QuotaItem.OfKind("jobs.batch"), name, [], refusals), _ => true });
        for (; accepted && made < Math.Min(wanted, MostPods); made++)
        {
            if (!Array.TrueForAll(claims, claim => Admit(mine, claim.Value.Item, claim.Value.Name, claim.Value.Refused, refusals)))
            {
                break;
            }

            if (invalid.Count > 0)
            {
                podRefused = true;
                refusals.Add($"Pod \"{owner.PodName}\" is invalid: {string.Join(", ", invalid)}");
                break;
            }

            if (!Admit(mine, item, owner.PodName, bad, refusals))
            {
                podRefused = true;
                break;
            }
        }

        foreach (QuotaState quota in mine.Where(quota => quota.Matches(item)))
        {
            ResourceList charge = quota.Charge(item);
            for (int i = made + 1; i < wanted && i < MostPods; i++)
            {
                quota.Requested.Add(charge);
            }
        }

        int? more = bad.Count > 0 || invalid.Count > 0 || made < wanted ? 0 : More(mine, item);
        result = result with { PodCount = wanted, AcceptedPodCount = made, MorePodCount = more, Defaults = defaults };
        return Done(result, [item], mine, refusals, owner, podRefused);
    }

    // The validation of the pod, which comes after the LimitRanges have filled it in.
    private static List<string> Invalid(PodShape pod) => [.. ((string[])["containers", "initContainers"]).Zip([pod.Containers, pod.InitContainers])
        .SelectMany(list => list.Second.SelectMany((container, i) => container.Requests
            .Where(request => container.Limits.TryGetValue(request.Key, out Quantity limit) && request.Value > limit)
            .Select(request => $"spec.{list.First}[{i}].resources.requests: Invalid value: \"{request.Value}\": must be less than or equal to {request.Key} limit of {container.Limits[request.Key]}")))];

    // What is made with each pod. Each is read when it is asked for: what is wrong with it is an error only where a pod gets that far.
    private Lazy<(QuotaItem Item, string Name, List<string> Refused)>[] Claims(PodOwner owner, LimitRanges ranges)
    {
        IEnumerable<JsonObject> claims = ManifestObjects.List(owner.PodSpec, "volumes").Select(volume => (volume["ephemeral"] as JsonObject)?["volumeClaimTemplate"] as JsonObject).OfType<JsonObject>();
        if (owner.Kind == "StatefulSet")
        {
            claims = claims.Concat(ManifestObjects.List(owner.Object["spec"], "volumeClaimTemplates"));
        }

        return [.. claims.Select(claim => new Lazy<(QuotaItem Item, string Name, List<string> Refused)>(() =>
        {
            QuotaItem item = QuotaItem.OfClaim(claim["spec"], claim["metadata"], $"{owner.Kind} {owner.Name}", defaultClass);
            return (item, $"{ManifestObjects.Text(claim["metadata"], "name") ?? owner.PodName}-{owner.Name}-x", ranges.CheckClaim(item.ClaimRequests));
        }))];
    }

    /// <summary>Admits one object, as the API server does: what its LimitRanges refuse comes first, then each quota.</summary>
    /// <param name="quotas">Quotas of the namespace; what is accepted is added to what is used of them.</param>
    /// <param name="item">The object.</param>
    /// <param name="name">Its name.</param>
    /// <param name="refusedByRange">What the LimitRanges refuse.</param>
    /// <param name="refusals">Gets the server's words where it is refused.</param>
    /// <returns>Whether it is accepted.</returns>
    internal static bool Admit(List<QuotaState> quotas, QuotaItem item, string name, List<string> refusedByRange, List<string> refusals)
    {
        (QuotaState Quota, ResourceList Charge)[] mine = [.. quotas.Where(quota => quota.Matches(item)).Select(quota => (quota, quota.Charge(item)))];
        foreach ((QuotaState quota, ResourceList charge) in mine)
        {
            quota.Requested.Add(charge);
        }

        if (refusedByRange.Count > 0)
        {
            refusals.Add(Forbidden(item.Group, name, refusedByRange.Count == 1 ? refusedByRange[0] : $"[{string.Join(", ", refusedByRange)}]"));
            return false;
        }

        int known = refusals.Count;
        foreach ((QuotaState quota, _) in mine)
        {
            if (item.Missing(quota.Hard.Keys) is { } missing)
            {
                refusals.Add(Forbidden(item.Group, name, $"failed quota: {quota.Name}: {missing}"));
            }
        }

        foreach ((QuotaState quota, ResourceList charge) in refusals.Count == known ? mine : [])
        {
            string[] exceeded = quota.Exceeded(charge);
            if (exceeded.Length > 0)
            {
                refusals.Add(Forbidden(
                    item.Group, name,
                    $"exceeded quota: {quota.Name}, requested: {Only(charge, exceeded)}, used: {Only(quota.Used, exceeded)}, limited: {Only(quota.Hard, exceeded)}"));
            }
        }

        if (refusals.Count > known)
        {
            return false;
        }

        foreach ((QuotaState quota, ResourceList charge) in mine)
        {
            quota.Used.Add(charge);
        }

        return true;
    }

    private static string Only(ResourceList list, string[] names) => string.Join(',', names.Select(name => $"{name}={list.Of(name)}"));

    private static int? More(List<QuotaState> quotas, QuotaItem item)
    {
        int? most = null;
        foreach (QuotaState quota in quotas.Where(quota => quota.Matches(item)))
        {
            ResourceList charge = quota.Charge(item), used = new(quota.Used);
            if (charge.Count == 0)
            {
                continue;
            }

            int more = 0;
            for (; more < (most ?? MostPods); more++)
            {
                used.Add(charge);
                if (charge.Keys.Any(name => used.Of(name) > quota.Hard[name]))
                {
                    break;
                }
            }

            most = more;
        }

        return most;
    }

    private static string Accepted(LabQuotaCheck check) => (check.AcceptedPodCount, check.PodCount) switch
    {
        (0, 1) => "its pod would be refused",
        (0, _) => $"none of its {check.PodCount} pods is; the first would be refused",
        (1, _) => $"only 1 of its {check.PodCount} pods is; the next would be refused",
        _ => $"only {check.AcceptedPodCount} of its {check.PodCount} pods are; the next would be refused",
    };

    private static LabQuotaCheck Done(LabQuotaCheck check, List<QuotaItem> items, List<QuotaState> quotas, List<string> refusals, PodOwner? owner = null, bool podRefused = false)
    {
        ResourceList charge = [];
        foreach (QuotaItem item in items)
        {
            foreach (QuotaState quota in quotas.Where(quota => quota.Matches(item)))
            {
                charge.Max(quota.Charge(item));
            }
        }

        bool fits = refusals.Count == 0;
        string subject = $"{check.Kind} {check.Name}";
        string reason = (fits, owner) switch
        {
            (true, null) => charge.Count == 0 ? $"{subject} is accepted: no quota counts it." : $"{subject} is accepted and takes {charge}.",
            (true, { Kind: "Pod" }) => $"{subject} is accepted{(charge.Count == 0 ? ": no quota counts it." : $" and takes {charge}.")}",
            (true, _) when check.PodCount == 0 => $"{subject} is accepted and makes no pods now.",
            (true, _) => $"{subject} is accepted with all {check.PodCount} pods{(charge.Count == 0 ? "; no quota counts them." : $", each of which takes {charge}.")}",
            (false, null or { Kind: "Pod" }) => $"{subject} would be refused: {refusals[0]}.",
            (false, _) when podRefused => $"{subject} itself is accepted, but {Accepted(check)}: {refusals[0]}.",
            _ => $"{subject} gets {check.AcceptedPodCount} of its {check.PodCount} pods, as something would be refused: {refusals[0]}.",
        };
        if (fits && owner is { Surge: > 0 } && check.MorePodCount < owner.Surge)
        {
            reason += $" A rollout needs room for {owner.Surge} more (maxSurge), but there is room for {check.MorePodCount}: it will stall, unless maxSurge is lowered and maxUnavailable raised.";
        }

        if (fits && owner?.Kind == "DaemonSet")
        {
            reason += " A DaemonSet has a pod on each node: -NodeCount says on how many.";
        }

        return check with { Fits = fits, Charge = charge.ToString(), Refusals = refusals, Reason = reason };
    }
}
