using System.Globalization;
using System.Text.Json;
using CloudLab.Core.Common.Quantities;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Vectors;

[Trait("Area", "Autoscaling")]
public sealed class QuantityVectorTests
{
    [Fact]
    public void Every_quantity_is_read_and_written_as_the_API_server_does()
    {
        using VectorFile file = new("quantity");
        foreach (JsonElement c in file.Cases)
        {
            if (!Quantity.TryParse(c.Text("in"), out Quantity quantity, out string? problem))
            {
                file.Compare(c.Text("id"), c.TryGetProperty("error", out JsonElement error) ? error.GetString() : "no error", problem);
                continue;
            }

            // What does not fit into 64 bits is soft: the number that is there is not compared.
            HashSet<string?> soft = [.. c.List("overflow").Select(o => o.GetString())];
            long Number(string name, long found) => soft.Contains(name) ? c.Long(name) : found;
            string canonical = c.TryGetProperty("canonical", out JsonElement text) ? text.GetString()! : "an error";
            file.Compare(
                c.Text("id"),
                Line(canonical, c.TryGetProperty("canonicalForm", out JsonElement form) ? form.GetString()! : canonical, c.Long("value"), c.Long("milli"), c.Long("micro"), c.Int("sign"), c.Text("format"), c.Text("approxFloat"), c.Text("json")),
                Line(
                    quantity.ToString(), quantity.CanonicalText, Number("value", quantity.Value), Number("milli", quantity.MilliValue), Number("micro", quantity.ScaledValue(-6)),
                    quantity.Sign, quantity.Format.ToString(), Go(quantity.ToDouble(), c.Text("approxFloat")), quantity.ToString()));
        }

        file.AllEqual(108);
    }

    [Fact]
    public void Quantities_are_compared_added_and_subtracted_as_the_API_server_does()
    {
        using VectorFile file = new("quantity");
        foreach (JsonElement c in file.Root.GetProperty("arithmetic").EnumerateArray())
        {
            Quantity a = Quantity.Parse(c.Text("a")), b = Quantity.Parse(c.Text("b"));
            file.Compare(
                c.Text("id"),
                Line(c.Int("cmp"), c.Text("add"), c.Text("sub"), c.GetProperty("equal").GetBoolean()),
                Line(a.CompareTo(b), (a + b).ToString(), (a - b).ToString(), a == b));
            Assert.True(a != b || a.GetHashCode() == b.GetHashCode());
        }

        file.AllEqual(30);
    }

    // The same number in the notation of the file, where it is the same number.
    private static string Go(double found, string expected) =>
        (expected == "+Inf" ? double.PositiveInfinity : double.Parse(expected, CultureInfo.InvariantCulture)) == found ? expected : found.ToString("G17", CultureInfo.InvariantCulture);

    private static string Line(params object[] parts) => string.Join(" | ", parts);
}
