using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Patches;

/// <summary>A merge patch that knows which lists are merged and by which key, with its directives.</summary>
internal static class StrategicMergePatch
{
    private const string Directive = "$patch", Retain = "$retainKeys", DeleteItems = "$deleteFromPrimitiveList/", Order = "$setElementOrder/";

    public static JsonNode? Apply(JsonNode? target, JsonNode? patch, Shape shape)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        switch (changes.Text(Directive))
        {
            case "replace":
                JsonObject whole = changes.Copy();
                whole.Remove(Directive);
                return whole;
            case "delete":
                return new JsonObject();
            case null or "merge":
                break;
            case { } other:
                throw ApiError.BadRequest($"invalid value for key $patch: {other}");
        }

        JsonObject result = target is JsonObject map ? map.Copy() : [];
        if (changes[Retain] is JsonArray retained)
        {
            HashSet<string> keep = [.. retained.Select(item => item.Text()!)];
            foreach (string name in result.Select(pair => pair.Key).Where(name => !keep.Contains(name)).ToList())
            {
                result.Remove(name);
            }
        }

        foreach ((string name, JsonNode? value) in changes)
        {
            if (name is Directive or Retain || name.StartsWith(Order, StringComparison.Ordinal))
            {
                continue;
            }

            if (name.StartsWith(DeleteItems, StringComparison.Ordinal))
            {
                RemoveValues(result[name[DeleteItems.Length..]] as JsonArray, value as JsonArray);
            }
            else if (value is null)
            {
                result.Remove(name);
            }
            else
            {
                Shape inner = shape.Member(name);
                result[name] = value is JsonArray items && inner.MergeKey is { } key
                    ? MergeList(result[name] as JsonArray, items, key, inner, changes[Order + name] as JsonArray)
                    : Apply(result[name], value, inner);
            }
        }

        foreach ((string name, JsonNode? order) in changes)
        {
            // The order alone can change too.
            if (name.StartsWith(Order, StringComparison.Ordinal) && changes[name[Order.Length..]] is null && result[name[Order.Length..]] is JsonArray list)
            {
                Sort(list, order as JsonArray, shape.Member(name[Order.Length..]).MergeKey ?? "");
            }
        }

        return result;
    }

    private static JsonArray MergeList(JsonArray? target, JsonArray patch, string key, Shape shape, JsonArray? order)
    {
        JsonArray result = target is null ? [] : (JsonArray)target.DeepClone();
        if (patch.Any(item => item is JsonObject && item.Text(Directive) == "replace"))
        {
            return [.. patch.Where(item => item.Text(Directive) != "replace").Select(item => item?.DeepClone())];
        }

        if (key.Length == 0)
        {
            foreach (JsonNode? item in patch)
            {
                if (!result.Any(there => Json.Same(there, item)))
                {
                    result.Add(item?.DeepClone());
                }
            }
        }
        else
        {
            foreach (JsonNode? item in patch)
            {
                JsonNode? id = item.At(key);
                if (id is null)
                {
                    throw ApiError.BadRequest($"map: {Json.Line(item)} does not contain declared merge key: {key}");
                }

                int at = IndexOf(result, key, id);
                if (item.Text(Directive) == "delete")
                {
                    for (; at >= 0; at = IndexOf(result, key, id))
                    {
                        result.RemoveAt(at);
                    }
                }
                else if (at >= 0)
                {
                    result[at] = Apply(result[at], item, shape.Item());
                }
                else
                {
                    // New items may nest directives of their own.
                    result.Add(Apply(null, item, shape.Item()));
                }
            }
        }

        Sort(result, order, key);
        return result;
    }

    /// <summary>Puts the items that an order names into that order; the others keep their place among their neighbours.</summary>
    private static void Sort(JsonArray list, JsonArray? order, string key)
    {
        if (order is null)
        {
            return;
        }

        int Rank(JsonNode? item)
        {
            JsonNode? id = key.Length == 0 ? item : item.At(key);
            for (int i = 0; i < order.Count; i++)
            {
                if (Json.Same(id, key.Length == 0 ? order[i] : order[i].At(key)))
                {
                    return i;
                }
            }

            return -1;
        }

        List<JsonNode?> items = [.. list];
        List<(double Rank, JsonNode? Item)> ranked = [];
        double last = -1;
        foreach (JsonNode? item in items)
        {
            int rank = Rank(item);
            last = rank >= 0 ? rank : last + 0.0001;
            ranked.Add((last, item));
        }

        list.Clear();
        foreach ((_, JsonNode? item) in ranked.OrderBy(pair => pair.Rank))
        {
            list.Add(item);
        }
    }

    private static int IndexOf(JsonArray list, string key, JsonNode id)
    {
        for (int i = 0; i < list.Count; i++)
        {
            if (Json.Same(list[i].At(key), id))
            {
                return i;
            }
        }

        return -1;
    }

    private static void RemoveValues(JsonArray? list, JsonArray? values)
    {
        for (int i = (list?.Count ?? 0) - 1; i >= 0; i--)
        {
            if (values?.Any(value => Json.Same(value, list![i])) == true)
            {
                list!.RemoveAt(i);
            }
        }
    }
}
