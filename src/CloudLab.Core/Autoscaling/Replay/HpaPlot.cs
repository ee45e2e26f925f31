using System.Globalization;
using System.Text;

namespace CloudLab.Core.Autoscaling.Replay;

/// <summary>Replays as charts: text for a terminal, SVG for a page.</summary>
public static class HpaPlot
{
    private const string Blocks = " ▁▂▃▄▅▆▇█";
    private const int Gutter = 9;
    private static readonly string[] Colors = ["#1f6feb", "#d1242f", "#1a7f37", "#9a6700"];

    /// <summary>Charts of text: replicas of each curve, then the load, over time.</summary>
    /// <param name="curves">Replays of one load.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <returns>Lines.</returns>
    public static IEnumerable<string> Text(IReadOnlyList<HpaCurve> curves, int width)
    {
        int columns = Math.Clamp(width - Gutter - 1, 20, 400);
        foreach (HpaCurve curve in curves)
        {
            double[] replicas = Columns(curve, columns, point => point.Replicas, Math.Max);
            yield return $"Replicas: {curve.Title}";
            foreach (string line in Panel(replicas, replicas.Max(), 8, whole: true))
            {
                yield return line;
            }

            double[] ratios = Columns(curve, columns, point => double.IsFinite(point.Ratio) ? point.Ratio : 0, Math.Max);
            yield return "over".PadLeft(Gutter - 2) + " ┊" + string.Concat(ratios.Select(ratio => ratio > 1 ? '!' : ' ')).TrimEnd() + (ratios.Any(ratio => ratio > 1) ? "" : " never above the target");
        }

        double[] load = Columns(curves[0], columns, point => point.Load, Math.Max);
        yield return "Load";
        foreach (string line in Panel(load, load.Where(double.IsFinite).DefaultIfEmpty(0).Max(), 4, whole: false))
        {
            yield return line;
        }

        yield return Axis(curves[0], columns);
    }

    /// <summary>A chart as SVG: replicas of each curve as steps, the load above them.</summary>
    /// <param name="curves">Replays of one load.</param>
    /// <returns>The document.</returns>
    public static string Svg(IReadOnlyList<HpaCurve> curves)
    {
        const int Wide = 960, Left = 60, Right = 30, LoadTop = 56, LoadHigh = 110, Top = 206, High = 230;
        IReadOnlyList<HpaCurve.Point> points = curves[0].Points;
        long from = points[0].TimeMs, to = Math.Max(points[^1].TimeMs, from + 1);
        double X(long time) => Left + ((time - from) / (double)(to - from) * (Wide - Left - Right));
        double most = Math.Max(1, curves.Max(curve => curve.Points.Max(point => point.Replicas)));
        double highest = points.Select(point => point.Load).Where(double.IsFinite).DefaultIfEmpty(1).Max();
        highest = highest > 0 ? highest : 1;
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Wide} {Top + High + 40 + (30 * curves.Count)}" font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="#ffffff"/>
            <text x="{Left}" y="22" font-size="14" fill="#1f2328">{Escape(Heading(curves))}</text>

            """);
        Frame(svg, "Load", LoadTop, LoadHigh, highest, whole: false);
        Frame(svg, "Replicas", Top, High, most, whole: true);
        for (int i = 0; i <= 6; i++)
        {
            long time = from + ((to - from) * i / 6);
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(time):0.#}\" y=\"{Top + High + 18}\" text-anchor=\"middle\" fill=\"#59636e\">{Clock(time, to - from)}</text>\n");
        }

        Path(svg, Thin(points).Where(point => double.IsFinite(point.Load)), point => (X(point.TimeMs), LoadTop + LoadHigh - (point.Load / highest * LoadHigh)), "#8250df", steps: true);
        for (int i = 0; i < curves.Count; i++)
        {
            HpaCurve curve = curves[i];
            string color = Colors[i % Colors.Length];
            Over(svg, curve.Points, X, Top + High + 28 + (30 * i), color);
            Path(svg, Changes(curve.Points), point => (X(point.TimeMs), Top + High - (point.Replicas / most * High)), color, steps: true);
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{Top + High + 48 + (30 * i)}\" fill=\"{color}\">{Escape(curve.Title)} (marks above: over target)</text>\n");
        }

        return svg.Append("</svg>\n").ToString();

        void Frame(StringBuilder to2, string label, int top, int high, double max, bool whole)
        {
            to2.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{top - 6}\" fill=\"#59636e\">{label}</text>\n");
            for (int i = 0; i <= 4; i++)
            {
                double level = max * i / 4, y = top + high - (high * i / 4.0);
                string text = whole && level != Math.Floor(level) ? "" : Short(level);
                to2.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Wide - Right}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\" stroke=\"#d1d9e0\"/><text x=\"{Left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\" fill=\"#59636e\">{text}</text>\n");
            }
        }
    }

    private static string Heading(IReadOnlyList<HpaCurve> curves) => string.Join(" / ", curves.Select(curve => curve.Title));

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    private static void Path(StringBuilder svg, IEnumerable<HpaCurve.Point> points, Func<HpaCurve.Point, (double X, double Y)> place, string color, bool steps)
    {
        StringBuilder path = new();
        foreach (HpaCurve.Point point in points)
        {
            (double x, double y) = place(point);
            path.Append(path.Length == 0 ? string.Create(CultureInfo.InvariantCulture, $"M{x:0.#} {y:0.#}")
                : steps ? string.Create(CultureInfo.InvariantCulture, $"H{x:0.#}V{y:0.#}") : string.Create(CultureInfo.InvariantCulture, $"L{x:0.#} {y:0.#}"));
        }

        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\"/>\n");
    }

    private static void Over(StringBuilder svg, IReadOnlyList<HpaCurve.Point> points, Func<long, double> x, int y, string color)
    {
        long? since = null;
        for (int i = 0; i < points.Count; i++)
        {
            bool over = points[i].Ratio > 1;
            since = over ? since ?? points[i].TimeMs : since;
            if (since is { } start && (!over || i == points.Count - 1))
            {
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x(start):0.#}\" y=\"{y}\" width=\"{Math.Max(1, x(points[i].TimeMs) - x(start)):0.#}\" height=\"5\" fill=\"{color}\" opacity=\"0.6\"/>\n");
                since = null;
            }
        }
    }

    // No more points than a screen shows; of many the highest load.
    private static IEnumerable<HpaCurve.Point> Thin(IReadOnlyList<HpaCurve.Point> points)
    {
        int take = Math.Max(1, points.Count / 900);
        for (int i = 0; i < points.Count; i += take)
        {
            HpaCurve.Point highest = points[i];
            for (int k = i; k < Math.Min(points.Count, i + take); k++)
            {
                highest = points[k].Load > highest.Load ? points[k] : highest;
            }

            yield return highest with { TimeMs = points[i].TimeMs };
        }

        yield return points[^1];
    }

    private static IEnumerable<HpaCurve.Point> Changes(IReadOnlyList<HpaCurve.Point> points) =>
        points.Where((point, i) => i == 0 || i == points.Count - 1 || point.Replicas != points[i - 1].Replicas);

    private static double[] Columns(HpaCurve curve, int columns, Func<HpaCurve.Point, double> value, Func<double, double, double> combine)
    {
        IReadOnlyList<HpaCurve.Point> points = curve.Points;
        double[] result = new double[Math.Min(columns, Math.Max(points.Count, Math.Min(columns, 40)))];
        for (int i = 0; i < result.Length; i++)
        {
            int first = (int)((long)i * points.Count / result.Length), last = Math.Max(first + 1, (int)((long)(i + 1) * points.Count / result.Length));
            double sum = double.NaN;
            for (int k = first; k < Math.Min(last, points.Count); k++)
            {
                double one = value(points[k]);
                sum = double.IsNaN(sum) ? one : double.IsNaN(one) ? sum : combine(sum, one);
            }

            result[i] = sum;
        }

        return result;
    }

    private static IEnumerable<string> Panel(double[] values, double max, int rows, bool whole)
    {
        double top = max > 0 ? max : 1;
        // Whole replicas on whole rows where there is room for it.
        if (whole && top <= rows)
        {
            rows = (int)top;
        }

        for (int row = rows - 1; row >= 0; row--)
        {
            double level = top * (row + 1) / rows;
            yield return (whole && level != Math.Floor(level) ? "" : Short(level)).PadLeft(Gutter - 2) + " ┤" + string.Concat(values.Select(value => Cell(value))).TrimEnd();

            char Cell(double value)
            {
                double filled = double.IsNaN(value) ? 0 : Math.Clamp((value / top * rows) - row, 0, 1);
                return filled <= 0 ? ' ' : Blocks[Math.Max(1, (int)Math.Round(filled * 8))];
            }
        }
    }

    private static string Axis(HpaCurve curve, int columns)
    {
        long from = curve.Points[0].TimeMs, to = curve.Points[^1].TimeMs;
        int width = Columns(curve, columns, point => point.Load, Math.Max).Length;
        string left = Clock(from, to - from), middle = Clock((from + to) / 2, to - from), right = Clock(to, to - from);
        char[] line = new string(' ', Gutter + width + 1).ToCharArray();
        Place(left, Gutter - 1);
        Place(middle, Gutter - 1 + ((width - middle.Length) / 2));
        Place(right, Gutter + width - right.Length);
        return new string(line).TrimEnd();

        void Place(string text, int at) => text.CopyTo(0, line, Math.Max(0, at), Math.Min(text.Length, line.Length - Math.Max(0, at)));
    }

    private static string Clock(long timeMs, long span) => DateTimeOffset.FromUnixTimeMilliseconds(timeMs).UtcDateTime
        .ToString(span > 48 * 3600 * 1000L ? "MM-dd HH:mm'Z'" : span < 600 * 1000L ? "HH:mm:ss'Z'" : "HH:mm'Z'", CultureInfo.InvariantCulture);

    private static string Short(double value) => value >= 1e6 ? (value / 1e6).ToString("0.#", CultureInfo.InvariantCulture) + "M"
        : value >= 1e4 ? (value / 1e3).ToString("0.#", CultureInfo.InvariantCulture) + "k"
        : value.ToString(value >= 100 ? "0" : "0.##", CultureInfo.InvariantCulture);
}
