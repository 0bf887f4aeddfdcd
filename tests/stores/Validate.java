import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.jena.rdf.model.Model;
import org.apache.jena.rdf.model.RDFNode;
import org.apache.jena.rdf.model.Resource;
import org.apache.jena.riot.RDFDataMgr;
import org.apache.jena.shacl.ShaclValidator;
import org.apache.jena.shacl.Shapes;
import org.topbraid.shacl.validation.ValidationUtil;
import org.topbraid.shacl.vocabulary.SH;

/**
 * Runs two SHACL engines, Jena's and TopBraid's, over many small graphs at one go.
 *
 * Arguments: a folder of data, each a file in N-Triples, then files of shapes. Standard output has a line for each
 * result: engine, file of shapes, file of data, focus node, source shape, constraint component; and an `end` line.
 */
public class Validate {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        List<Path> cases;
        try (Stream<Path> found = Files.list(Path.of(arguments[0]))) {
            cases = found.sorted().toList();
        }
        for (int place = 1; place < arguments.length; place++) {
            Model shapes = RDFDataMgr.loadModel(arguments[place]);
            Shapes parsed = Shapes.parse(shapes.getGraph());
            String rules = Path.of(arguments[place]).getFileName().toString();
            for (Path file : cases) {
                Model data = RDFDataMgr.loadModel(file.toString());
                String about = rules + "\t" + file.getFileName();
                told(out, "jena\t" + about, ShaclValidator.get().validate(parsed, data.getGraph()).getModel());
                told(out, "topbraid\t" + about, ValidationUtil.validateModel(data, shapes, false).getModel());
            }
        }
        out.println("end");
        out.flush();
    }

    private static void told(PrintStream out, String start, Model report) {
        TreeSet<String> lines = new TreeSet<>();
        report.listSubjectsWithProperty(SH.focusNode).forEachRemaining(result -> lines.add(
            String.join("\t", start, shown(result, SH.focusNode), shown(result, SH.sourceShape),
                shown(result, SH.sourceConstraintComponent))));
        lines.forEach(out::println);
    }

    private static String shown(Resource result, org.apache.jena.rdf.model.Property property) {
        RDFNode node = result.getProperty(property) == null ? null : result.getProperty(property).getObject();
        return node == null ? "" : node.isURIResource() ? node.asResource().getURI() : node.isLiteral() ? node.toString() : "_:";
    }
}
